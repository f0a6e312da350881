using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>Everything that can happen to an engine. A closed family.</summary>
public abstract record Input
{
    private Input()
    {
    }

    /// <summary>Recovery is over and the replica may speak: the first input of every run.</summary>
    public sealed record Started : Input;

    /// <summary>A message, its signatures checked.</summary>
    public sealed record Received(Verified Verified) : Input;

    /// <summary>A timer ran out; it carries what it was set for, so that a stale one is recognised.</summary>
    /// <param name="Timer">As it was set.</param>
    /// <param name="Now">A reading of this machine's monotone clock, from any origin: what leases are
    /// measured by.</param>
    public sealed record TimerFired(EngineTimer Timer, TimeSpan Now = default) : Input;

    /// <summary>
    /// The block that <see cref="Effects.RequestProposal"/> asked for, packed and executed.
    /// </summary>
    public sealed record Proposed(ProposalRequest Request, Block Block) : Input;

    /// <summary>The verdict on a block that <see cref="Effects.ValidateBlock"/> asked for.</summary>
    /// <param name="Block">Its hash.</param>
    /// <param name="Fault">Null when valid; otherwise what is wrong, for logs.</param>
    public sealed record Judged(Digest Block, string? Fault) : Input;

    /// <summary>
    /// A block fetched by its hash; its body fits its header, its transactions are not yet checked.
    /// </summary>
    public sealed record Fetched(Block Block) : Input;

    /// <summary>Final blocks from a peer, with a checked certificate over the last.</summary>
    public sealed record Synced(CertifiedSegment Segment) : Input;

    /// <summary>A decided block is durable with its state and receipts.</summary>
    public sealed record Finalised(Height Height) : Input;

    /// <summary>
    /// The block that changed the validators is durable, and those after it count from now on; follows its
    /// <see cref="Finalised"/>.
    /// </summary>
    /// <param name="Epoch">Whose first block is still to be proposed, or came with others' blocks.</param>
    /// <param name="Self">This replica's seat; <see cref="ValidatorIndex.None"/> when it is no validator in
    /// this epoch.</param>
    public sealed record EpochBegan(Epoch Epoch, ValidatorIndex Self) : Input;

    /// <summary>
    /// A peer speaks of an epoch that has not begun here: there are final blocks that this replica lacks.
    /// </summary>
    public sealed record PeerIsAhead(ValidatorIndex Peer) : Input;

    /// <summary>A peer's connection came up: what was lost with the last one is said again.</summary>
    public sealed record PeerConnected(ValidatorIndex Peer) : Input;

    /// <summary>Whether admitted transactions wait that are not yet final.</summary>
    public sealed record WorkPending(bool Any) : Input;

    /// <summary>
    /// A transaction was left out for too long while others were served: the primary censors.
    /// </summary>
    public sealed record RequestOverdue(View View) : Input;

    /// <summary>
    /// Someone wants to read what is final now and nothing older; the answer is
    /// <see cref="Effect.ReadReady"/> or <see cref="Effect.ReadRefused"/>.
    /// </summary>
    /// <param name="Id">Chosen by the world, each once, over restarts too.</param>
    /// <param name="Now">The monotone clock after the request arrived.</param>
    public sealed record ReadRequested(ulong Id, TimeSpan Now) : Input;

    /// <summary>Raft: this leader shall hand over, to the one named or to whoever is furthest.</summary>
    public sealed record TransferRequested(ValidatorIndex? To) : Input;

    /// <summary>
    /// Raft: what the ledger says of the members, once the block that said so is final here; comes before the
    /// <see cref="Finalised"/> of that block, so that who knows the block knows its word.
    /// </summary>
    /// <param name="Members">Who shall be what from now on.</param>
    /// <param name="VotersSince">The last block that changed the voters.</param>
    /// <param name="Self">This replica's seat, for ever; <see cref="ValidatorIndex.None"/> before it has
    /// one.</param>
    public sealed record MembersStated(Raft.Membership Members, Height VotersSince, ValidatorIndex Self)
        : Input;

    /// <summary>
    /// Raft: may the members become these? <see cref="Notice.MembersAnswered"/> says why not.
    /// </summary>
    public sealed record MembersAsked(Raft.Membership Target) : Input;

    /// <summary>
    /// Raft, where no ledger states the members: they shall become these; a notice says how far it is, or why
    /// not.
    /// </summary>
    public sealed record MembersRequested(Raft.Membership Target) : Input;

    /// <summary>
    /// Raft: so many bytes of a snapshot that <see cref="Effect.InstallSnapshot"/> asked for are here.
    /// </summary>
    public sealed record SnapshotReceived(Height Height, ulong Bytes) : Input;

    /// <summary>Raft: the state at this height, or a later one than was asked for, is durable here.</summary>
    public sealed record SnapshotInstalled(Height Height, Digest Block) : Input;
}

/// <summary>What a timer is for.</summary>
public enum TimerKind : byte
{
    /// <summary>The primary of a view must make progress before it runs out.</summary>
    View = 1,

    /// <summary>While nothing advances, what may have been lost is said again.</summary>
    Repeat = 2,

    /// <summary>Raft's one clock: elections, heartbeats and patience are counted in its ticks.</summary>
    Tick = 3,

    /// <summary>PBFT: a question on behalf of reads may have been lost.</summary>
    Read = 4,

    /// <summary>PBFT: who asks where this replica stands may be answered again.</summary>
    Answers = 5,

    /// <summary>PBFT: what reads wait for may never become final.</summary>
    HeldRead = 6,
}

/// <param name="Kind">What it is for.</param>
/// <param name="View">The view it was set in.</param>
/// <param name="Generation">Rises with each setting; an older one that fires is ignored.</param>
public readonly record struct EngineTimer(TimerKind Kind, View View, ulong Generation);

/// <param name="View">The view to propose in.</param>
/// <param name="Height">The height to propose for.</param>
/// <param name="Parent">The block to build on; its execution is known or under way.</param>
/// <param name="AllowEmpty">True to answer at once, with no transaction if none waits.</param>
public sealed record ProposalRequest(View View, Height Height, Digest Parent, bool AllowEmpty);

/// <summary>
/// Consecutive final blocks whose last is certified by <see cref="Certificate"/>; made by the gate, which
/// checked the certificate's signatures and the chain of parents.
/// </summary>
public sealed class CertifiedSegment
{
    internal CertifiedSegment(IReadOnlyList<Block> blocks, QuorumCertificate certificate)
    {
        Blocks = blocks;
        Certificate = certificate;
    }

    public IReadOnlyList<Block> Blocks { get; }

    public QuorumCertificate Certificate { get; }
}
