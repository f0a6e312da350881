using System.Diagnostics.CodeAnalysis;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Consensus;

/// <summary>
/// What the node must know of a consensus engine to run it: how it is made, encoded, checked and watched. The
/// genesis names the mode; everything that differs between modes is behind this.
/// </summary>
internal interface IConsensusProtocol
{
    /// <summary>What a reign is called: "view" or "term".</summary>
    string ViewWord { get; }

    /// <summary>How many validators may say what is not so.</summary>
    int LiarsMax { get; }

    /// <summary>
    /// Whether what one validator has admitted the others believe: transactions then go to the leader alone,
    /// and each signature is checked once in the whole network.
    /// </summary>
    bool TrustsPeers { get; }

    /// <summary>Fewer validators tolerate no fault at all.</summary>
    int ValidatorsForOneFault { get; }

    /// <summary>
    /// Tells an engine that proposes to let another do so; null where nobody can choose who does.
    /// </summary>
    /// <param name="to">Who; null for whoever is furthest.</param>
    Input? HandOver(ValidatorIndex? to);

    /// <param name="head">What the ledger holds.</param>
    /// <param name="records">What the journal holds.</param>
    /// <exception cref="Storage.DamagedDataException">One does not fit the other.</exception>
    (IEngine Engine, IEngineStatus Status) Make(FinalHead head, IReadOnlyList<JournalRecord> records);

    /// <summary>
    /// Asks an engine whether the members may become these now; null where only the ledger has a say.
    /// </summary>
    Input? MayChange(Ledger.Consensus.Raft.Membership target);

    /// <summary>
    /// What the engine is told once a block is durable that changed who the validators are, as the directory
    /// has them by now: its finality and their change, in the order that the engine needs.
    /// </summary>
    IReadOnlyList<Input> NewsOf(Input.Finalised finalised);

    /// <summary>
    /// What the engine of a node without a ledger is told once its directory has moved on; null where there
    /// is none such.
    /// </summary>
    Input? Told();

    byte[] Encode(Envelope envelope);

    bool TryDecode(ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out Envelope envelope);

    byte[] EncodeRecord(JournalRecord record);

    bool TryDecodeRecord(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault);

    /// <param name="envelope">As decoded.</param>
    /// <param name="connection">Whom the connection's handshake proved at the other end.</param>
    /// <param name="reason">When refused: a short word for the metric's label.</param>
    Verified? Check(Envelope envelope, ValidatorIndex connection, out string reason);

    /// <summary>Whether what was refused is no fault but of another time; null when it is a fault.</summary>
    Untimely? UntimelinessOf(string reason);

    /// <summary>Checks that consecutive blocks end in one that a quorum has certified.</summary>
    CertifiedSegment? CheckSegment(IReadOnlyList<Block> blocks, QuorumCertificate certificate);

    /// <summary>Blocks that a journal holds and peers may lack.</summary>
    IEnumerable<Block> ProposalsIn(IEnumerable<JournalRecord> records);

    /// <summary>How high the sender says that the ledger is.</summary>
    Height? HeightIn(Message message);

    /// <summary>For which block the message is its sender's vote, if it is one.</summary>
    Height? VoteIn(Message message);

    /// <summary>Who proposes in this position; null while nobody does, as far as is known here.</summary>
    ValidatorIndex? PrimaryOf(ConsensusPosition position);

    /// <summary>Watches when a validator that has lost its promises may speak again.</summary>
    ISilence Silence();

    /// <summary>Looks after transactions that the primary does not serve.</summary>
    IPrimaryWatch Watch(SharedPool pool, TransactionGossip gossip, ConsensusLoop loop);
}

/// <summary>How a message can be right and of no use.</summary>
internal enum Untimely
{
    /// <summary>It is of an epoch that has not begun here: this node lacks final blocks.</summary>
    Early,

    /// <summary>It is of an epoch that is over here.</summary>
    Late,
}

/// <summary>
/// A validator may have promised more than it knows: it was restored, or has lost its journal. It says
/// nothing that binds it until the network is provably past all of that (docs/decisions/0025-silence.md).
/// </summary>
internal interface ISilence
{
    /// <summary>Something that a peer has said after this start, checked.</summary>
    void Heard(Verified message);

    /// <summary>A peer's view or term, and its last final block, by its own word of now.</summary>
    void PeerIsIn(ValidatorIndex peer, View view, Height head);

    /// <param name="head">The last final block here.</param>
    /// <param name="position">Where the engine stands.</param>
    /// <returns>What binds this validator from now on; null while it must not speak.</returns>
    IReadOnlyList<JournalRecord>? MayEnd(Height head, ConsensusPosition position);

    /// <summary>What is still to happen before this validator may speak, in words.</summary>
    string WaitsFor();
}

/// <summary>What is done, once a second, about transactions that wait here for too long.</summary>
internal interface IPrimaryWatch
{
    void Look(ConsensusPosition position);
}
