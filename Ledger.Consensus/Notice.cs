using Ledger.Core;

namespace Ledger.Consensus;

/// <summary>
/// Something worth a log line or a metric. The engine has neither; the loop maps these. A closed family.
/// </summary>
public abstract record Notice
{
    private Notice()
    {
    }

    /// <summary>One validator signed two different statements where it may sign one: evidence.</summary>
    /// <param name="Kind">"prepare", "commit", "proposal" or "view-change".</param>
    /// <param name="Validator">Who.</param>
    /// <param name="First">What counted.</param>
    /// <param name="Second">What did not.</param>
    public sealed record Equivocation(string Kind, ValidatorIndex Validator, Verified First, Verified Second)
        : Notice;

    /// <summary>Who the validators are from now on, and whether this replica is one of them.</summary>
    public sealed record ValidatorsChanged(Epoch Epoch, bool IsMember) : Notice;

    /// <summary>This replica asked to leave its view.</summary>
    public sealed record LeftView(View From, View To, LeaveReason Reason) : Notice;

    public sealed record EnteredView(View View, ValidatorIndex Primary, Subject Base) : Notice;

    /// <summary>The primary proposed a block that is not valid.</summary>
    public sealed record InvalidProposal(Subject Subject, string Fault) : Notice;

    /// <summary>This replica promised a phase for a block; the loop measures phases between these.</summary>
    public sealed record PhaseReached(Phase Phase, Subject Subject) : Notice;

    /// <summary>Raft: whom this replica follows from now on; null while it knows no leader.</summary>
    public sealed record LeaderChanged(View Term, ValidatorIndex? Leader) : Notice;

    /// <summary>Raft: this leader gave up, and why, for people.</summary>
    public sealed record SteppedDown(View Term, string Reason) : Notice;

    /// <summary>
    /// Raft: a block that was asked for came too late to be proposed; what is in it waits again.
    /// </summary>
    public sealed record ProposalDropped(Block Block) : Notice;

    /// <summary>Raft: who the members are from now on; a change has several phases.</summary>
    public sealed record MembersChanged(Raft.MembershipPhase Phase, Raft.RaftConfiguration Configuration)
        : Notice;

    /// <summary>Raft: a change of members that does not happen, and why, for people.</summary>
    public sealed record MembersRefused(Refusal Reason) : Notice;

    /// <summary>Raft: whether members may change as was asked now; no reason when they may.</summary>
    public sealed record MembersAnswered(Refusal? Reason) : Notice;

    /// <summary>
    /// This replica is no member any more: it votes no more and, in Raft, will not campaign.
    /// </summary>
    public sealed record Removed : Notice;

    /// <summary>Raft: how a transfer of leadership ended; no reason when the other one leads.</summary>
    public sealed record TransferEnded(ValidatorIndex? To, string? Reason) : Notice;

    /// <summary>Raft: a leader said what contradicts what this replica knows to be committed.</summary>
    public sealed record LogRefused(ValidatorIndex From, string Reason) : Notice;
}

/// <summary>Why a replica asks to leave its view; the names are metric labels.</summary>
public enum LeaveReason
{
    Timeout,
    Equivocation,
    Joined,
    Censorship,
}

/// <summary>
/// How far a block has come (STYLE: proposed, prepared, committed; final is the node's to say).
/// </summary>
public enum Phase
{
    Proposed,
    Prepared,
    Committed,
}
