using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;
using Ledger.Node.Offences;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace Ledger.Node.Tests.Offences;

/// <summary>
/// The way of a proof of a double vote: taken in, kept, shown to others, reported, let go. Validator 3 lies.
/// </summary>
public sealed class EvidenceServiceTests : IAsyncLifetime
{
    private const int Liar = 3;

    private readonly ManualClock _clock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TestChain _validators = new(4);
    private readonly Channels _arrived = new();
    private FinalChain _chain = null!;
    private TestMesh _mesh = null!;
    private Admission _admission = null!;
    private SharedPool _pool = null!;
    private EvidenceService _service = null!;
    private Task _runs = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _chain = new(_validators, _clock);
        _chain.Grow(3);
        _mesh = await TestMesh.StartAsync(4, prepare: peer => peer.Router.On(
            FrameKind.Evidence, (_, payload, _) => _arrived.Take(peer.Identity.Self, payload)));
        _pool = new(MempoolLimits.Default, _clock);
        _admission = new(
            _chain.Genesis, _chain.Store, _pool, _clock, Metrics.WithCustomRegistry(
                Metrics.NewCustomRegistry()));
        _service = Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        await _admission.DisposeAsync();
        await _mesh.DisposeAsync();
        _chain.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_proof_from_a_peer_is_kept_on_the_disk_shown_to_all_and_reported()
    {
        var proof = Proof(height: 2);
        Assert.Equal(FrameVerdict.Ok, await ShowAsync(proof));

        Run();
        await UntilAsync(() => _pool.Count > 0);

        Assert.Equal(proof, Assert.Single(_service.Held));
        Assert.Equal(proof, Assert.Single(_chain.Store.ReadEvidence()));
        foreach (var peer in new[] { 1, 2 })
        {
            Assert.Equal(proof, await _arrived.NextAsync(peer));
        }

        // It may have been reported again by now: nobody puts it onto this ledger, and the clock goes on.
        Assert.All(_pool.Oldest(10), report =>
        {
            Assert.Equal([new Operation.Report(proof)], report.Body.Operations);
            Assert.Equal(_validators.Key(0).PublicKey, report.Sender);
        });
    }

    [Fact]
    public async Task What_is_held_outlives_the_process_and_is_let_go_once_the_ledger_has_it()
    {
        var proof = Proof(height: 2);
        _chain.Store.HoldEvidence(proof);

        var again = Start();

        Assert.Equal(proof, Assert.Single(again.Held));
        _chain.Grow([Keys.Sign(_clock, Keys.Stranger, new Operation.Report(proof))]);
        _service = again;
        Run();
        await UntilAsync(() => again.Held.Count == 0);
        Assert.Empty(_chain.Store.ReadEvidence());
        Assert.Equal(0, _pool.Count);
    }

    [Fact]
    public async Task A_proof_that_is_known_is_dropped_before_its_signatures_are_checked()
    {
        var proof = Proof(height: 2);
        _chain.Store.HoldEvidence(proof);
        _service = Start();
        var sameOffence = proof with { First = new(proof.First.Block, _validators.Key(0).Sign([1])) };

        Assert.Equal(FrameVerdict.Drop("known_evidence"), await ShowAsync(sameOffence));

        var recorded = Proof(height: 1);
        _chain.Grow([Keys.Sign(_clock, Keys.Stranger, new Operation.Report(recorded))]);
        Assert.Equal(FrameVerdict.Drop("known_evidence"), await ShowAsync(recorded));
    }

    [Fact]
    public async Task Who_shows_what_proves_nothing_is_thrown_out()
    {
        var proof = Proof(height: 2);
        foreach (var (encoded, reason) in ((byte[], string)[])
            [
                ([], "malformed_evidence"),
                (proof.Encode()[..^1], "malformed_evidence"),
                ((proof with { Second = proof.First }).Encode(), "malformed_evidence"),
                ((proof with { First = proof.Second, Second = proof.First }).Encode(), "malformed_evidence"),
                ((proof with { Offence = proof.Offence with { Height = Height.Genesis } })
                    .Encode(), "malformed_evidence"),
                ((proof with { Offence = proof.Offence with { View = new(9) } }).Encode(), "bad_evidence"),
                ((proof with { Offence = proof.Offence with { Validator = _validators.Key(1).PublicKey } })
                    .Encode(), "bad_evidence"),
                ((proof with { Offence = proof.Offence with { Validator = Keys.Stranger.PublicKey } })
                    .Encode(), "bad_evidence"),
                ((proof with { First = new(proof.First.Block, proof.Second.Signature) })
                    .Encode(), "bad_evidence"),
            ])
        {
            Assert.Equal(
                FrameVerdict.Disconnect(reason), await _service.OnFrameAsync(
                    new(1), encoded, TestContext.Current.CancellationToken));
        }

        Assert.Empty(_chain.Store.ReadEvidence());
    }

    [Fact]
    public async Task Who_shows_too_many_proofs_at_once_loses_its_own_and_delays_nobody()
    {
        FrameVerdict verdict;
        ulong shown = 0;
        do
        {
            var showing = ShowAsync(Proof(height: 1_000 + ++shown));
            Assert.True(showing.IsCompletedSuccessfully, "a peer's reader waits");
            verdict = await showing;
        }
        while (verdict == FrameVerdict.Ok && shown < 10_000);

        Assert.Equal(FrameVerdict.Drop("too_much_evidence"), verdict);
        Assert.Equal(FrameVerdict.Ok, await ShowAsync(Proof(height: 2), by: 2));
        Run();
        await UntilAsync(() => _service.Held.Contains(Proof(height: 2)));
    }

    [Fact]
    public async Task A_peer_that_connects_is_shown_what_waits_here()
    {
        Evidence[] held = [Proof(height: 1), Proof(height: 2)];
        foreach (var proof in held)
        {
            _chain.Store.HoldEvidence(proof);
        }

        Start().SendTo(new(2));

        List<Evidence> shown = [await _arrived.NextAsync(2), await _arrived.NextAsync(2)];
        Assert.Equal(held, shown);
    }

    [Fact]
    public async Task What_had_to_give_way_is_gone_from_the_disk_too()
    {
        // Votes for heights that never come: the greatest one gives way to a proof that can be reported.
        for (var i = 0; i < EvidenceBook.PerValidatorMax; i++)
        {
            Assert.Equal(FrameVerdict.Ok, await ShowAsync(Proof(height: 1_000 + (ulong)i)));
        }

        Assert.Equal(FrameVerdict.Ok, await ShowAsync(Proof(height: 2)));
        Run();
        await UntilAsync(() => _pool.Count > 0);

        Assert.Equal(EvidenceBook.PerValidatorMax, _chain.Store.ReadEvidence().Count);
        Assert.Equal(_service.Held, _chain.Store.ReadEvidence().OrderBy(proof => proof.Offence.Height));
        Assert.DoesNotContain(
            _service.Held, proof => proof.Offence.Height.Value == 1_000 + EvidenceBook.PerValidatorMax - 1);
    }

    private EvidenceService Start() => new(
        ValidatorDirectory.Open(_chain.Genesis, _validators.Key(0).PublicKey, _chain.Machine, _chain.Store),
        _chain.Store, _mesh[0].Network,
        new(
            _chain.Genesis.ChainId, _validators.Key(0), _admission,
            new TransactionGossip(_mesh[0].Network, _admission, trustsPeers: false), _clock),
        new Signatures(_chain.Genesis), _clock, NullLogger<EvidenceService>.Instance);

    private void Run() => _runs = _service.RunAsync(_stop.Token);

    private ValueTask<FrameVerdict> ShowAsync(Evidence proof, int by = 1)
        => _service.OnFrameAsync(new(by), proof.Encode(), TestContext.Current.CancellationToken);

    /// <summary>Two commits of the liar for one height.</summary>
    private Evidence Proof(ulong height)
    {
        Offence offence = new(_validators.Key(Liar).PublicKey, StatementKind.Commit, new(4), new(height));
        return Evidence.Of(offence, Vote(offence, 1), Vote(offence, 2));
    }

    private SignedVote Vote(Offence offence, byte number)
    {
        Digest block = new([.. Enumerable.Repeat(number, Digest.Size)]);
        var statement = new byte[Statement.Size];
        new Statement(_chain.Genesis.Hash, offence.Kind, offence.View, View.Zero, offence.Height, block)
            .WriteTo(statement);
        return new(block, _validators.Key(Liar).Sign(statement));
    }

    /// <summary>Moves the clock until something holds: the service looks once a second.</summary>
    private async Task UntilAsync(Func<bool> holds)
    {
        using CancellationTokenSource late = new(TestChain.Deadline);
        while (!holds())
        {
            late.Token.ThrowIfCancellationRequested();
            _clock.Advance(1);
            await Task.Yield();
        }
    }

    /// <summary>What the peers were shown.</summary>
    private sealed class Channels
    {
        private readonly System.Threading.Channels.Channel<Evidence>[] _byPeer
            = [.. Enumerable.Range(0, 4)
                .Select(_ => System.Threading.Channels.Channel.CreateUnbounded<Evidence>())];

        public ValueTask<FrameVerdict> Take(ValidatorIndex peer, ReadOnlyMemory<byte> payload)
        {
            Assert.True(Evidence.TryDecode(payload, out var evidence, out var fault), fault);
            _byPeer[peer.Value].Writer.TryWrite(evidence);
            return ValueTask.FromResult(FrameVerdict.Ok);
        }

        public async Task<Evidence> NextAsync(int peer)
            => await _byPeer[peer].Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(TestChain.Deadline);
    }

    private sealed class Signatures(Genesis genesis) : ISignatureVerifier
    {
        public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature)
        {
            var bytes = new byte[Statement.Size];
            statement.WriteTo(bytes);
            return Ed25519Verifier.Verify(genesis.Validators[validator].PublicKey, bytes, signature);
        }
    }
}
