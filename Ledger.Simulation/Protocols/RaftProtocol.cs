using System.Diagnostics.CodeAnalysis;
using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Raft: a minority may fail, nobody lies, and the leader is heard even when there is nothing to do.
/// </summary>
internal sealed class RaftProtocol : IProtocol
{
    private readonly Simulator _simulator;
    private readonly RaftOptions _options;
    private readonly RaftGate _gate;
    private readonly ValidatorIndex[] _all;

    public RaftProtocol(Simulator simulator, Chance chance)
    {
        _simulator = simulator;
        _all = [.. Enumerable.Range(0, simulator.Validators.Count).Select(i => new ValidatorIndex(i))];
        _gate = new(() => simulator.Hosts.Count, simulator.Genesis.Hash, simulator.Signatures);

        // Short terms where no ocean lies between, so that a run sees many of them.
        var ticks = chance.Pick([4, 12]);

        // Small logs and batches too, so that followers need snapshots and many messages.
        _options = RaftOptions.Default with
        {
            TickEvery = TimeSpan.FromMilliseconds(chance.Pick([25, 50])),
            ElectionTicks = simulator.Plan.Active.Has(Fault.Delay) ? 12 : ticks,
            HeartbeatTicks = chance.Pick([1, 2]),
            Window = chance.Pick([1, 4, 16]),
            InFlightMax = chance.Pick([1, 4, 16]),
            BatchBytesMax = chance.Pick([1, 1024, 1024 * 1024]),
            EntriesRetained = chance.Pick([4, 1024]),
            CompactionBytes = 1024 * chance.Pick([1, 8, 16 * 1024]),
            LeaseReads = chance.OneIn(2),
            ClockDriftPerMille = chance.Pick([Host.DriftPerMilleMax, 50]),
        };
    }

    public ConsensusMode Mode => ConsensusMode.Raft;

    public bool FallsSilent => false;

    public long JournalMax => _options.CompactionBytes + (256 * 1024);

    public (IEngine Engine, IEngineStatus Status) Make(Host host, Epoch epoch, FinalHead head)
    {
        var seed = (_simulator.Options.Seed * 1_000_000) + (ulong)((host.Id * 10_000) + host.Deaths);
        var members = ValidatorHistory.Read(_simulator.Genesis, key => host.Ledger.ReadState(key));
        var stated = Stated(host, epoch, members);
        var engine = new RaftEngine(new(_all, [], []), stated.Self, _options, head, seed, stated);
        return (engine, engine);
    }

    /// <summary>Who knows a block must know what it says of the members.</summary>
    public IEnumerable<Input> NewsOf(Host host, Epoch epoch, ValidatorHistory members, Input finalised)
        => [Stated(host, epoch, members), finalised];

    /// <summary>
    /// Spare machines are given their seats in their order, so a machine's number is its seat.
    /// </summary>
    private static Input.MembersStated Stated(Host host, Epoch epoch, ValidatorHistory members) => new(
        new(epoch.Validators.Indices, members.Learners, []), epoch.Start.Height,
        host.Self.Value < members.Seats ? host.Self : ValidatorIndex.None);

    public byte[] Encode(Envelope envelope) => RaftCodec.EncodeEnvelope(envelope);

    public bool TryDecode(
        byte[] bytes, [MaybeNullWhen(false)] out Envelope envelope, [NotNullWhen(false)] out string? fault)
        => RaftCodec.TryDecodeEnvelope(bytes, out envelope, out fault);

    public byte[] EncodeRecord(JournalRecord record) => RaftCodec.EncodeRecord(record);

    public JournalRecord? DecodeRecord(byte[] bytes)
        => RaftCodec.TryDecodeRecord(bytes, out var record, out _) ? record : null;

    public Verified? Check(
        Epoch epoch, Envelope envelope, ValidatorIndex connection, out string reason, out bool isLater)
    {
        isLater = false;
        return _gate.Check(envelope, connection, out reason);
    }

    public CertifiedSegment? CheckSegment(
        Epoch epoch, IReadOnlyList<Block> blocks, QuorumCertificate certificate)
        => _gate.CheckSegment(blocks, certificate, epoch.Validators.Indices);

    public IEnumerable<Block> BlocksIn(IEnumerable<JournalRecord> records) => [];

    public IDurable Follow(Host host) => _simulator.Watch.RaftLogs.Follow(host);
}
