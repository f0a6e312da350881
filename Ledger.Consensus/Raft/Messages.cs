using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// Whether an election could be won: asked before a term is spent on it (dissertation §9.6).
/// </summary>
public sealed record PreVote(Term Term, LogIndex LastIndex, Term LastTerm) : HintMessage
{
    public override string ToString() => $"PRE-VOTE t{Term} last #{LastIndex}/t{LastTerm}";
}

/// <param name="Term">The sender's own.</param>
/// <param name="Asked">The term that was asked about.</param>
/// <param name="Granted">Whether the sender would vote.</param>
public sealed record PreVoteReply(Term Term, Term Asked, bool Granted) : HintMessage;

/// <summary>
/// A candidate asks for votes, having voted for itself, which is what it signs (Raft §5.2).
/// </summary>
/// <param name="Term">The new term.</param>
/// <param name="LastIndex">Of the candidate's log.</param>
/// <param name="LastTerm">Of its last entry.</param>
/// <param name="IsTransfer">
/// The leader itself sent the candidate: no one need wait for it to be silent.
/// </param>
public sealed record RequestVote(
    ValidatorIndex Candidate, Term Term, LogIndex LastIndex, Term LastTerm, bool IsTransfer) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => Vote.StatementOn(chain, Term, Candidate);

    public override string ToString() => $"REQUEST-VOTE t{Term} last #{LastIndex}/t{LastTerm}";
}

/// <summary>The sender votes for this candidate, and no other, in this term.</summary>
public sealed record Vote(Term Term, ValidatorIndex Candidate) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => StatementOn(chain, Term, Candidate);

    public static Statement StatementOn(Digest chain, Term term, ValidatorIndex candidate)
        => new(chain, StatementKind.Vote, term.AsView, new((ulong)candidate.Value), Height.Genesis,
            Digest.Zero);

    public override string ToString() => $"VOTE t{Term} for R{Candidate}";
}

/// <param name="Term">The sender's own, which may be higher than what was asked.</param>
public sealed record VoteRefused(Term Term) : HintMessage;

/// <summary>
/// Entries that follow one which the receiver must hold (Raft §5.3). Binds nobody: leaders do not survive.
/// </summary>
public sealed record AppendEntries(
    Term Term, LogIndex PreviousIndex, Term PreviousTerm, IReadOnlyList<LogEntry> Entries) : HintMessage
{
    public LogIndex LastIndex => new(PreviousIndex.Value + (ulong)Entries.Count);

    public override string ToString()
        => $"APPEND t{Term} after #{PreviousIndex}/t{PreviousTerm}: {Entries.Count}";
}

/// <summary>
/// The sender's log is the leader's up to an index, durably. When the entry there is of this very term, it
/// signs the last block at or below it, in the term as view: a majority of such signatures proves that the
/// block is committed, for it stands behind an entry of the leader's own term on a majority (Raft §5.4.2). A
/// block of an older term alone is never signed, so that no certificate can be made of what figure 8 takes
/// back.
/// </summary>
/// <param name="Term">The leader's.</param>
/// <param name="Index">Up to here.</param>
/// <param name="Block">What is signed, if any.</param>
public sealed record Appended(Term Term, LogIndex Index, BlockId? Block) : PromiseMessage
{
    public override Statement StatementOn(Digest chain) => Block is { } block
        ? new Subject(Term.AsView, block.Height, block.Hash).Commit(chain)
        : new(chain, StatementKind.Append, Term.AsView, View.Zero, new(Index.Value), Digest.Zero);

    public override string ToString() => Block is { } block
        ? $"APPENDED t{Term} #{Index} {block}"
        : $"APPENDED t{Term} #{Index}";
}

/// <summary>
/// The entries do not fit the sender's log. The hint skips a term at a time (Raft §5.3): the term
/// of the conflicting entry, if there is one, and the first index of that term.
/// </summary>
/// <param name="Term">The sender's own.</param>
/// <param name="PreviousIndex">What was asked for.</param>
/// <param name="ConflictTerm">Null when the sender's log ends before.</param>
/// <param name="ConflictIndex">The first index of that term, or the one after the log's end.</param>
public sealed record AppendRefused(
    Term Term, LogIndex PreviousIndex, Term? ConflictTerm, LogIndex ConflictIndex)
    : HintMessage;

/// <summary>
/// The leader lives. The answers to a round also confirm that it still leads, for reads (Raft §8).
/// </summary>
public sealed record Heartbeat(Term Term, ulong Round) : HintMessage;

/// <param name="Term">The sender's own.</param>
/// <param name="Round">The round that is answered; 0 when the sender follows a later term.</param>
/// <param name="Committed">Up to where the sender knows entries to be committed.</param>
/// <param name="Decided">The last block it has decided.</param>
public sealed record HeartbeatReply(Term Term, ulong Round, LogIndex Committed, Height Decided) : HintMessage;

/// <summary>
/// Entries are committed up to an index; the certificate is of the highest block among them that has one.
/// </summary>
public sealed record Committed(Term Term, LogIndex Index, QuorumCertificate? Certificate) : HintMessage
{
    public override string ToString() => $"COMMITTED t{Term} #{Index}";
}

/// <summary>
/// The receiver lacks what the sender's log no longer holds, and needs the state at the mark (Raft §7).
/// </summary>
public sealed record InstallSnapshot(Term Term, SnapshotMark Mark) : HintMessage
{
    public override string ToString() => $"INSTALL-SNAPSHOT t{Term} {Mark}";
}

/// <summary>How far the receiver of a snapshot is: the sender is patient with one that moves.</summary>
public sealed record SnapshotStatus(Term Term, LogIndex Index, ulong Bytes) : HintMessage;

/// <summary>The leader hands over: the receiver campaigns at once (dissertation §3.10).</summary>
public sealed record TimeoutNow(Term Term) : HintMessage;

/// <summary>A follower asks for the height that a linearizable read must see (dissertation §6.4).</summary>
public sealed record ReadIndex(Term Term, ulong Id) : HintMessage;

/// <param name="Height">Null when the sender cannot say.</param>
public sealed record ReadIndexReply(Term Term, ulong Id, Height? Height) : HintMessage;
