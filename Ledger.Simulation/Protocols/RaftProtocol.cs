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

        // Small logs and batches too, so that followers need snapshots and many messages.
        _options = RaftOptions.Default with
        {
            TickEvery = TimeSpan.FromMilliseconds(chance.Pick([25, 50])),
            Window = chance.Pick([1, 4, 16]),
            InFlightMax = chance.Pick([1, 4, 16]),
            BatchBytesMax = 1024 * chance.Pick([1, 1024]),
            EntriesRetained = chance.Pick([4, 1024]),
            CompactionBytes = 1024 * chance.Pick([1, 8, 16 * 1024]),
        };
    }

    public ConsensusMode Mode => ConsensusMode.Raft;

    public bool FallsSilent => false;

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

    /// <summary>Spare machines are given their seats in their order, so a machine's number is its seat.</summary>
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

    public CertifiedSegment? CheckSegment(Epoch epoch, IReadOnlyList<Block> blocks, QuorumCertificate certificate)
        => _gate.CheckSegment(blocks, certificate, epoch.Validators.Indices);

    public IEnumerable<Block> BlocksIn(IEnumerable<JournalRecord> records) => [];

    public IDurable Follow(Host host) => new Durable(host);

    /// <summary>The term, the vote and the log as the journal has them.</summary>
    private sealed class Durable(Host host) : IDurable
    {
        private readonly SortedDictionary<LogIndex, Digest?> _log = [];
        private (Term Term, ValidatorIndex? VotedFor) _term;
        private LogIndex _start;

        public void Add(IReadOnlyList<JournalRecord> records, bool replaces)
        {
            if (replaces)
            {
                _log.Clear();
                _start = LogIndex.Zero;
            }

            foreach (var record in records)
            {
                switch (record)
                {
                    case TermEntered entered:
                        _term = (entered.Term, entered.VotedFor);
                        break;
                    case Stored stored:
                        _log[stored.Entry.Index] = (stored.Entry as BlockEntry)?.Id.Hash;
                        break;
                    case Truncated truncated:
                        Cut(index => index >= truncated.From);
                        break;
                    case Snapshotted snapshotted:
                        _start = snapshotted.Mark.Index;
                        Cut(index => index <= _start);
                        break;
                    default:
                        break;
                }
            }
        }

        public bool Holds(in Statement statement) => statement.Kind switch
        {
            StatementKind.Vote => _term.Term.AsView == statement.View
                && _term.VotedFor?.Value == (int)statement.CertifiedView.Value,
            StatementKind.Append => statement.Height.Value <= _start.Value
                || _log.ContainsKey(new(statement.Height.Value)),
            _ => _log.ContainsValue(statement.Digest) || host.Ledger.Find(statement.Digest) is not null,
        };

        private void Cut(Func<LogIndex, bool> isGone)
        {
            foreach (var index in _log.Keys.Where(isGone).ToList())
            {
                _log.Remove(index);
            }
        }
    }
}
