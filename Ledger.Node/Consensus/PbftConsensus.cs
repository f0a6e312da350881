using System.Diagnostics.CodeAnalysis;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Consensus;

/// <summary>PBFT in the node: up to f validators may lie, and an idle network is silent.</summary>
internal sealed class PbftConsensus(
    ValidatorDirectory directory, PbftOptions options, TimeSpan requestTimeout, ISignatureVerifier signatures)
    : IConsensusProtocol
{
    private readonly PbftGate _gate = new(() => directory.Epoch, directory.Genesis.Hash, signatures);

    public string ViewWord => "view";

    public int LiarsMax => directory.Validators.Quorums.Faulty;

    public bool TrustsPeers => false;

    public int ValidatorsForOneFault => 4;

    public Input? HandOver(ValidatorIndex? to) => null;

    public (IEngine Engine, IEngineStatus Status) Make(FinalHead head, IReadOnlyList<JournalRecord> records)
    {
        var engine = new PbftEngine(directory.Epoch, directory.Self, options, head);
        return (engine, engine);
    }

    public Input? MayChange(Ledger.Consensus.Raft.Membership target) => null;

    public IReadOnlyList<Input> NewsOf(Input.Finalised finalised)
        => [finalised, new Input.EpochBegan(directory.Epoch, directory.Self)];

    /// <summary>Who votes has executed the block, and so has a ledger.</summary>
    public Input? Told() => null;

    public byte[] Encode(Envelope envelope) => PbftCodec.EncodeEnvelope(envelope);

    public bool TryDecode(ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out Envelope envelope)
        => PbftCodec.TryDecodeEnvelope(bytes, out envelope, out _);

    public byte[] EncodeRecord(JournalRecord record) => PbftCodec.EncodeRecord(record);

    public bool TryDecodeRecord(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault)
        => PbftCodec.TryDecodeRecord(bytes, out record, out fault);

    public Verified? Check(Envelope envelope, ValidatorIndex connection, out string reason)
        => _gate.Check(envelope, connection, out reason);

    public Untimely? UntimelinessOf(string reason) => reason switch
    {
        PbftGate.LaterEpoch => Untimely.Early,
        PbftGate.PastEpoch => Untimely.Late,
        _ => null,
    };

    public CertifiedSegment? CheckSegment(IReadOnlyList<Block> blocks, QuorumCertificate certificate)
        => _gate.CheckSegment(blocks, certificate);

    /// <summary>A peer may lack one before it can be validated here; nobody would ever have it.</summary>
    public IEnumerable<Block> ProposalsIn(IEnumerable<JournalRecord> records)
        => records.OfType<Accepted>().Select(accepted => accepted.Block);

    public Height? HeightIn(Message message) => (message as Status)?.Committed;

    public Height? VoteIn(Message message) => message switch
    {
        Prepare prepare => prepare.Subject.Height,
        Commit commit => commit.Subject.Height,
        _ => null,
    };

    /// <summary>The view alone says who, also while it is not entered yet.</summary>
    public ValidatorIndex? PrimaryOf(ConsensusPosition position)
        => directory.Validators.PrimaryOf(position.View);

    public ISilence Silence() => new PbftSilence(directory);

    public IPrimaryWatch Watch(SharedPool pool, TransactionGossip gossip, ConsensusLoop loop)
        => new CensorshipWatch(pool, gossip, loop, requestTimeout);
}
