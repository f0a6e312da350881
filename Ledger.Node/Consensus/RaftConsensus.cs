using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;
using Ledger.Storage;

namespace Ledger.Node.Consensus;

/// <summary>
/// Raft in the node: a minority may fail, nobody lies, and the leader is heard even when there is nothing to
/// do.
/// </summary>
internal sealed class RaftConsensus(
    ValidatorDirectory directory, RaftOptions options, ISignatureVerifier signatures) : IConsensusProtocol
{
    private readonly RaftGate _gate = new(() => directory.History.Seats, directory.Genesis.Hash, signatures);

    public string ViewWord => "term";

    public int LiarsMax => 0;

    public bool TrustsPeers => true;

    public int ValidatorsForOneFault => 3;

    public Input? HandOver(ValidatorIndex? to) => new Input.TransferRequested(to);

    public (IEngine Engine, IEngineStatus Status) Make(FinalHead head, IReadOnlyList<JournalRecord> records)
    {
        if (!options.IsWitness)
        {
            CheckLedgerReaches(records, head.Head);
        }

        Span<byte> seed = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(seed);
        var engine = new RaftEngine(
            Membership.AllOf(directory.Genesis.Validators), directory.Self, options, head,
            BinaryPrimitives.ReadUInt64LittleEndian(seed), Stated());
        return (engine, engine);
    }

    public Input? MayChange(Membership target) => new Input.MembersAsked(target);

    /// <summary>Who knows a block must know what it says of the members.</summary>
    public IReadOnlyList<Input> NewsOf(Input.Finalised finalised) => [Stated(), finalised];

    public Input? Told() => Stated();

    public byte[] Encode(Envelope envelope) => RaftCodec.EncodeEnvelope(envelope);

    public bool TryDecode(ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out Envelope envelope)
        => RaftCodec.TryDecodeEnvelope(bytes, out envelope, out _);

    public byte[] EncodeRecord(JournalRecord record) => RaftCodec.EncodeRecord(record);

    public bool TryDecodeRecord(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault)
        => RaftCodec.TryDecodeRecord(bytes, out record, out fault);

    public Verified? Check(Envelope envelope, ValidatorIndex connection, out string reason)
        => _gate.Check(envelope, connection, out reason);

    /// <summary>Terms are for the engine to compare; validators, for the ledger.</summary>
    public Untimely? UntimelinessOf(string reason) => reason == RaftGate.LaterMember ? Untimely.Early : null;

    public CertifiedSegment? CheckSegment(IReadOnlyList<Block> blocks, QuorumCertificate certificate)
        => _gate.CheckSegment(
            blocks, certificate, directory.History.SetAt(certificate.Subject.Height).Indices);

    /// <summary>Blocks travel in the leader's log; nobody asks for one by its hash.</summary>
    public IEnumerable<Block> ProposalsIn(IEnumerable<JournalRecord> records) => [];

    public Height? HeightIn(Message message) => message switch
    {
        Committed committed => committed.Certificate?.Subject.Height,
        HeartbeatReply reply => reply.Decided,
        InstallSnapshot install => install.Mark.Block.Height,
        _ => null,
    };

    /// <summary>Only the leader hears them.</summary>
    public Height? VoteIn(Message message) => (message as Appended)?.Block?.Height;

    public ValidatorIndex? PrimaryOf(ConsensusPosition position) => position.Primary;

    public ISilence Silence() => new RaftSilence(directory);

    public IPrimaryWatch Watch(SharedPool pool, TransactionGossip gossip, ConsensusLoop loop)
        => new LeaderReminder(pool, gossip);

    private Input.MembersStated Stated()
    {
        var (history, voters) = (directory.History, directory.Validators.Indices);
        return new(
            new(voters, history.Learners, [.. voters.Where(history.IsWitness)]), directory.Epoch.Start.Height,
            directory.Self);
    }

    /// <summary>
    /// What the journal no longer holds must be in the ledger: a log that starts above it cannot go on.
    /// </summary>
    private static void CheckLedgerReaches(IReadOnlyList<JournalRecord> records, Height head)
    {
        foreach (var record in records)
        {
            if (record is Snapshotted { Mark.Block.Height: var height } && height > head)
            {
                throw new DamagedDataException(
                    $"The ledger ends at height {head}, and the consensus journal goes on from height "
                    + $"{height}: blocks in between were lost. Copy the ledger's folder from another "
                    + "validator that is stopped");
            }
        }
    }
}
