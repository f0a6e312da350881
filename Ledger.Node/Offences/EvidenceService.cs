using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Transport;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Offences;

/// <summary>
/// Sees to it that a validator's offence gets onto the ledger: keeps the proof on the disk, shows it to the
/// other validators, and reports it in its turn. The only owner of the <see cref="EvidenceBook"/>.
/// </summary>
internal sealed class EvidenceService
{
    /// <summary>
    /// Proofs under way to the owner from one who brings them; of more the rest is lost. Neither the
    /// consensus loop nor a peer's reader waits, and nobody loses what another has brought.
    /// </summary>
    private const int LaneMax = 64;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly ValidatorDirectory _directory;
    private readonly LedgerStore _store;
    private readonly PeerNetwork _network;
    private readonly EvidenceReporter _reporter;
    private readonly ISignatureVerifier _signatures;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly EvidenceBook _book;
    private readonly long _origin;

    /// <summary>By who brings it; what was seen here is this validator's own.</summary>
    private readonly ConcurrentDictionary<ValidatorIndex, Channel<Evidence>> _arrivals = new();

    /// <summary>What the book holds, for those who do not own it.</summary>
    private volatile ImmutableDictionary<Offence, Evidence> _held =
        ImmutableDictionary<Offence, Evidence>.Empty;

    public EvidenceService(
        ValidatorDirectory directory,
        LedgerStore store,
        PeerNetwork network,
        EvidenceReporter reporter,
        ISignatureVerifier signatures,
        TimeProvider clock,
        ILogger<EvidenceService> logger)
    {
        _directory = directory;
        _store = store;
        _network = network;
        _reporter = reporter;
        _signatures = signatures;
        _clock = clock;
        _logger = logger;
        _origin = clock.GetTimestamp();
        _book = new(height => directory.History.SetAt(height), () => directory.Self);
        foreach (var evidence in store.ReadEvidence())
        {
            _book.Add(evidence, TimeSpan.Zero);
        }

        Publish();
    }

    /// <summary>What is held here and not yet on the ledger.</summary>
    public IReadOnlyCollection<Evidence> Held => [.. _held.Values.OrderBy(held => held.Offence.Height)];

    /// <summary>
    /// From the consensus loop, which never waits: what does not fit is lost here, and others have seen it
    /// too.
    /// </summary>
    public void OnNotice(Notice.Equivocation notice)
    {
        if (_directory.History.Find(notice.Validator) is { } offender
            && PbftEvidence.Of(notice, offender.PublicKey) is { } evidence)
        {
            LaneOf(_directory.Self).Writer.TryWrite(evidence);
        }
    }

    /// <summary>Takes a proof that a peer shows; no honest one shows what proves nothing.</summary>
    public ValueTask<FrameVerdict> OnFrameAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        => ValueTask.FromResult(OnFrame(from, payload));

    private FrameVerdict OnFrame(ValidatorIndex from, ReadOnlyMemory<byte> payload)
    {
        if (!Evidence.TryDecode(payload, out var evidence, out _) || Evidence.FaultIn(evidence) is not null)
        {
            return FrameVerdict.Disconnect("malformed_evidence");
        }

        // Before the signatures, so that the same proof sent for ever costs next to nothing.
        if (_held.ContainsKey(evidence.Offence)
            || _store.ReadState(StateKey.ForOffence(evidence.Offence)) is not null)
        {
            return FrameVerdict.Drop("known_evidence");
        }

        var lane = LaneOf(from);
        if (lane.Reader.Count >= LaneMax)
        {
            return FrameVerdict.Drop("too_much_evidence");
        }

        if (!evidence.IsSigned(_directory.Genesis.Hash, IsSigned))
        {
            return FrameVerdict.Disconnect("bad_evidence");
        }

        lane.Writer.TryWrite(evidence);
        return FrameVerdict.Ok;
    }

    /// <summary>Shows a validator that has just connected what waits here.</summary>
    public void SendTo(ValidatorIndex peer)
    {
        foreach (var evidence in Held)
        {
            _network.Send(FrameKind.Evidence, evidence.Encode(), peer);
        }
    }

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                foreach (var lane in _arrivals.Values)
                {
                    TakeFrom(lane.Reader);
                }

                await LookAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is held is on the disk.
        }
    }

    private Channel<Evidence> LaneOf(ValidatorIndex from)
        => _arrivals.GetOrAdd(from, _ => Channel.CreateBounded<Evidence>(LaneMax));

    /// <summary>
    /// No more than a lane holds: one that is filled as fast as it is read would never end.
    /// </summary>
    private void TakeFrom(ChannelReader<Evidence> lane)
    {
        for (var i = 0; i < LaneMax && lane.TryRead(out var evidence); i++)
        {
            Take(evidence);
        }
    }

    private void Take(Evidence evidence)
    {
        if (!_book.Wants(evidence, _store.Head!.Height))
        {
            return;
        }

        _store.HoldEvidence(evidence);
        if (_book.Add(evidence, _clock.GetElapsedTime(_origin)) is { } gone)
        {
            _store.DropEvidence([gone]);
        }

        Publish();
        EvidenceLog.Holds(
            _logger, NameOf(evidence), evidence.Offence.Kind, evidence.Offence.Height, evidence.Offence.View);
        _network.Send(FrameKind.Evidence, evidence.Encode());
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_book.Count == 0)
        {
            return;
        }

        var head = _store.Head!.Height;
        var settled = _book.Settle(head, Read);
        if (settled.Count > 0)
        {
            _store.DropEvidence(settled);
            Publish();
        }

        foreach (var evidence in _book.Due(head, _clock.GetElapsedTime(_origin), Read))
        {
            EvidenceLog.Reports(_logger, NameOf(evidence), evidence.Offence.Height);
            await _reporter.ReportAsync(evidence, cancellationToken).ConfigureAwait(false);
        }
    }

    private byte[]? Read(byte[] stateKey) => _store.ReadState(stateKey);

    private void Publish() => _held = _book.All.ToImmutableDictionary(held => held.Offence);

    private bool IsSigned(in PublicKey key, in Statement statement, in Signature signature)
        => _directory.History.FindByKey(key) is { } validator
        && _signatures.Verify(validator, statement, signature);

    private string NameOf(Evidence evidence)
        => _directory.History.LastOf(evidence.Offence.Validator)?.Name
        ?? evidence.Offence.Validator.ToString();
}
