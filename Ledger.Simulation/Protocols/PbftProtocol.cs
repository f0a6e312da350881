using System.Diagnostics.CodeAnalysis;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>PBFT: up to f liars, silence when idle.</summary>
internal sealed class PbftProtocol(Simulator simulator, PbftOptions options) : IProtocol
{
    public ConsensusMode Mode => ConsensusMode.Pbft;

    public bool FallsSilent => true;

    public long JournalMax => options.CompactionBytes + (256 * 1024);

    public (IEngine Engine, IEngineStatus Status) Make(Host host, Epoch epoch, FinalHead head)
    {
        var engine = new PbftEngine(epoch, SeatOf(host, epoch), options, head);
        return (engine, engine);
    }

    public IEnumerable<Input> NewsOf(Host host, Epoch epoch, ValidatorHistory members, Input finalised)
        => [finalised, new Input.EpochBegan(epoch, SeatOf(host, epoch))];

    /// <summary>
    /// Spare machines are given their seats in their order, so a machine's number is its seat, once it has
    /// one.
    /// </summary>
    private static ValidatorIndex SeatOf(Host host, Epoch epoch)
        => host.Self.Value < epoch.Validators.Seats ? host.Self : ValidatorIndex.None;

    public byte[] Encode(Envelope envelope) => PbftCodec.EncodeEnvelope(envelope);

    public bool TryDecode(
        byte[] bytes, [MaybeNullWhen(false)] out Envelope envelope, [NotNullWhen(false)] out string? fault)
        => PbftCodec.TryDecodeEnvelope(bytes, out envelope, out fault);

    public byte[] EncodeRecord(JournalRecord record) => PbftCodec.EncodeRecord(record);

    public JournalRecord? DecodeRecord(byte[] bytes)
        => PbftCodec.TryDecodeRecord(bytes, out var record, out _) ? record : null;

    public Verified? Check(
        Epoch epoch, Envelope envelope, ValidatorIndex connection, out string reason, out bool isLater)
    {
        var verified = GateOf(epoch).Check(envelope, connection, out reason);
        isLater = reason == PbftGate.LaterEpoch;
        return verified;
    }

    public CertifiedSegment? CheckSegment(
        Epoch epoch, IReadOnlyList<Block> blocks, QuorumCertificate certificate)
        => GateOf(epoch).CheckSegment(blocks, certificate);

    public IEnumerable<Block> BlocksIn(IEnumerable<JournalRecord> records)
        => records.OfType<Accepted>().Select(accepted => accepted.Block);

    public IDurable Follow(Host host) => new Durable(host);

    private PbftGate GateOf(Epoch epoch) => new(() => epoch, simulator.Genesis.Hash, simulator.Signatures);

    private sealed class Durable(Host host) : IDurable
    {
        private readonly HashSet<(StatementKind Kind, ulong View, Height Height, Digest Digest)> _held = [];

        /// <summary>
        /// A COMMIT rests on its certificate or on any that outranks it: that one is what a report would
        /// name, and it descends from what was committed below it.
        /// </summary>
        private (View View, Height Height) _highest;

        /// <summary>
        /// Up to here no view can be asked for or opened any more, so words about older ones need no record.
        /// </summary>
        private View _entered;
        private View _left;

        public void Add(IReadOnlyList<JournalRecord> records, bool replaces)
        {
            if (replaces)
            {
                _held.Clear();
                _highest = default;
                _entered = default;
                _left = default;
            }

            foreach (var record in records)
            {
                switch (record)
                {
                    case Accepted accepted:
                        Hold(StatementKind.Prepare, accepted.View, accepted.Block.Height,
                            accepted.Block.Hash);
                        break;
                    case Certified certified:
                        var rank = (certified.Certificate.Subject.View, certified.Certificate.Subject.Height);
                        _highest = rank.CompareTo(_highest) > 0 ? rank : _highest;
                        break;
                    case LeftFor left:
                        _left = left.Target;
                        var report = left.Report.Subject;
                        Hold(StatementKind.ViewChange, left.Target, report.Height, report.Block);
                        break;
                    case Entered entered:
                        _entered = entered.View;
                        var based = entered.NewView.Base.Subject;
                        Hold(StatementKind.NewView, entered.View, based.Height, based.Block);
                        break;
                    default:
                        break;
                }
            }
        }

        public bool Holds(in Statement statement) => IsOver(statement.View.Epoch) || statement.Kind switch
        {
            StatementKind.Commit => (statement.View, statement.Height).CompareTo(_highest) <= 0,
            StatementKind.Prepare => IsHeld(statement) || statement.Height <= host.Ledger.Head!.Height,
            StatementKind.ViewChange
                => IsHeld(statement) || statement.View <= _entered || statement.View < _left,
            _ => IsHeld(statement) || statement.View < _left || statement.View < _entered,
        };

        /// <summary>
        /// Words of an epoch that is over on this disk can no longer be asked for, and bind nobody.
        /// </summary>
        private bool IsOver(ulong epoch) => host.Life is { } life && life.Machine.Epoch.Number > epoch;

        private bool IsHeld(in Statement statement)
            => _held.Contains((statement.Kind, statement.View.Value, statement.Height, statement.Digest));

        private void Hold(StatementKind kind, View view, Height height, Digest block)
            => _held.Add((kind, view.Value, height, block));
    }
}
