using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// R1. Election safety: a replica votes once in a term, for itself or for one other, so a term has at most
///     one leader.
/// R2. Leader append-only: a leader adds to its log, of its own term only, and never cuts it.
/// R3. Log matching: an entry is stored only behind the very entry it was sent after; what contradicts it is
///     cut first.
/// R4. Leader completeness: a vote goes only to a log at least as complete as one's own, and a leader commits
///     only through an entry of its own term that a majority holds durably (Raft §5.4).
/// R5. State machine safety: what is committed is never cut, and is decided in order, each height once.
/// R6. A block is signed only behind a durable entry of the current term, so a certificate proves that it is
///     committed.
/// R7. A configuration counts from when it is stored. Only a leader that has committed an entry of its own
///     term changes it, once the last change is committed, and changes voters only through both majorities
///     (Raft §6).
/// R8. Whose log was lost elects nobody until it holds again whatever it may have acknowledged.
/// State changes only through <see cref="Apply"/>, live and in recovery, so what is acted on is what was
/// persisted; the commit index and the ledger's height alone are learned anew, and leadership ends with the
/// process.
/// </summary>
internal sealed class Safety(SnapshotMark start)
{
    /// <summary>The latest term this replica has seen.</summary>
    public Term Term { get; private set; }

    /// <summary>Whom it has voted for in that term.</summary>
    public ValidatorIndex? VotedFor { get; private set; }

    public RaftLog Log { get; } = new(start);

    /// <summary>Entries up to here are committed, as far as this replica knows.</summary>
    public LogIndex Commit { get; private set; } = start.Index;

    /// <summary>
    /// The term that the log must reach before it may elect anybody; zero when none was lost (R8).
    /// </summary>
    public Term ElectsFrom { get; private set; }

    /// <summary>
    /// R8: an entry of a term stands behind all that was committed before that term, by R3 and R4.
    /// </summary>
    public bool MayElect => Log.LastTerm >= ElectsFrom;

    /// <summary>The last block that is final here, whatever the log says.</summary>
    public Height Ledger { get; set; }

    /// <summary>
    /// How far this replica reaches, as elections compare it. Logs may be lost with all others, in a network
    /// that was restored from backups: then whoever has more blocks is ahead.
    /// </summary>
    public LogIndex Reach => Log.LastIndex == LogIndex.Zero ? RaftLog.RestoredAt(Ledger) : Log.LastIndex;

    /// <summary>True from winning a term until anything else is heard or said.</summary>
    public bool IsLeader { get; private set; }

    /// <summary>
    /// Whether the leader has committed an entry of its own term, and so knows what is committed.
    /// </summary>
    public bool HasCommittedInTerm => Log.TermAt(Commit) == Term && Commit > LogIndex.Zero;

    /// <summary>
    /// The records of the journal that grow with the log, for compaction: bytes since it was last written.
    /// </summary>
    public long BytesStored { get; private set; }

    /// <returns>The record that remembers a higher term, or null when it is not higher.</returns>
    public TermEntered? MayEnter(Term term)
        => term > Term ? Apply(new TermEntered(term, VotedFor: null)) : null;

    /// <returns>The record that RequestVote rests on: the next term, and the vote for oneself (R1).</returns>
    public TermEntered MayCampaign(ValidatorIndex self) => Apply(new TermEntered(Term.Next, self));

    /// <returns>
    /// The record the vote rests on, or null when it would be a second one, or for a lesser log.
    /// </returns>
    public TermEntered? MayVote(ValidatorIndex candidate, Term term, LogIndex lastIndex, Term lastTerm)
    {
        if (term < Term)
        {
            return null;
        }

        if (term == Term && VotedFor is { } voted && voted != candidate)
        {
            return null;
        }

        return MayElect && IsUpToDate(lastIndex, lastTerm) ? Apply(new TermEntered(term, candidate)) : null;
    }

    /// <summary>R4: the later last term wins, then the longer log (Raft §5.4.1).</summary>
    public bool IsUpToDate(LogIndex lastIndex, Term lastTerm)
        => lastTerm > Log.LastTerm || (lastTerm == Log.LastTerm && lastIndex >= Reach);

    /// <summary>A majority has voted for this replica in the current term.</summary>
    public void Lead(ValidatorIndex self)
    {
        Invariant.Holds(VotedFor == self, "R1: a leader has voted for itself");
        IsLeader = true;
    }

    public void StopLeading() => IsLeader = false;

    /// <returns>The record that holds a leader's new entry, or null when it may not add it (R2).</returns>
    public Stored? MayAppend(LogEntry entry)
        => IsLeader && entry.Term == Term && Log.MayFollow(entry) ? Apply(new Stored(entry)) : null;

    /// <summary>
    /// R3: whether the log holds this entry; what is committed is the same in every leader's log.
    /// </summary>
    public bool Matches(LogIndex index, Term term)
        => index < Log.Start.Index || Log.TermAt(index) == term;

    /// <summary>
    /// Up to here a follower's log is its leader's: an entry of the current term was made by that leader, and
    /// by R3 all before it is the leader's too; of older entries only the committed ones are known to be.
    /// </summary>
    public LogIndex Matched => Log.LastTerm == Term ? Log.LastIndex : Commit;

    /// <returns>
    /// The record that cuts the log before a leader's entry, or null when that is forbidden (R2, R5).
    /// </returns>
    public Truncated? MayTruncate(LogIndex from)
        => !IsLeader && from > Commit && Log.Holds(from) ? Apply(new Truncated(from)) : null;

    /// <returns>
    /// The record that holds a follower's new entry, or null when it does not fit the log's end.
    /// </returns>
    public Stored? MayStore(LogEntry entry)
        => !IsLeader && entry.Term <= Term && Log.MayFollow(entry) ? Apply(new Stored(entry)) : null;

    /// <summary>
    /// R4: a leader counts replicas only for entries of its own term; those before come with them.
    /// </summary>
    public bool MayCommit(LogIndex index)
        => IsLeader && index > Commit && Log.TermAt(index) == Term;

    /// <summary>R6: the block that an acknowledgement up to an index signs, if any.</summary>
    public BlockId? MaySign(LogIndex index)
        => Log.TermAt(index) == Term && Log.BlockAt(index) is { } block && block.Height > Height.Genesis
            ? block
            : null;

    /// <summary>R7: whether a leader may put a configuration into the log now.</summary>
    public bool MayReconfigure => IsLeader && HasCommittedInTerm && Log.ConfigurationIndex <= Commit;

    /// <summary>Learns that entries up to an index are committed.</summary>
    public void CommitTo(LogIndex index)
    {
        Invariant.Holds(index <= Log.LastIndex, "R5: what is committed is in the log");
        Commit = LogIndex.Max(Commit, index);
    }

    /// <returns>
    /// The record that starts the log from a mark, or null when it does not reach beyond what is committed.
    /// </returns>
    public Snapshotted? MayInstall(SnapshotMark mark)
        => !IsLeader && mark.Index > Commit ? Apply(new Snapshotted(mark)) : null;

    /// <summary>
    /// Lets go of entries that are final and in the store; the journal's next compaction does too.
    /// </summary>
    public void Forget(LogIndex upTo)
    {
        Invariant.Holds(upTo <= Commit, "R5: only what is committed is let go");
        Log.StartFrom(Log.MarkAt(upTo));
    }

    /// <summary>The only writer of this state.</summary>
    public TRecord Apply<TRecord>(TRecord record)
        where TRecord : JournalRecord
    {
        switch (record)
        {
            case TermEntered entered:
                Invariant.Holds(
                    entered.Term > Term
                    || (entered.Term == Term && (VotedFor is null || VotedFor == entered.VotedFor)),
                    "R1: one vote in a term");
                IsLeader &= entered.Term == Term;
                (Term, VotedFor) = (entered.Term, entered.VotedFor);
                break;
            case Stored stored:
                Log.Add(stored.Entry);
                BytesStored += stored.Entry.Bytes;
                break;
            case Truncated truncated:
                Invariant.Holds(truncated.From > Commit, "R5: what is committed is never cut");
                Log.Truncate(truncated.From);
                break;
            case Snapshotted snapshotted:
                Log.StartFrom(snapshotted.Mark);
                Commit = LogIndex.Max(Commit, snapshotted.Mark.Index);
                break;
            case LogLost lost:
                ElectsFrom = lost.Term;
                break;
            default:
                break;
        }

        return record;
    }

    /// <summary>
    /// The fewest records that rebuild this state, given that the store holds all up to an index.
    /// </summary>
    public IEnumerable<JournalRecord> Compacted(LogIndex stored)
    {
        BytesStored = 0;
        List<JournalRecord> records = [new TermEntered(Term, VotedFor), new Snapshotted(Log.MarkAt(stored))];
        if (!MayElect)
        {
            records.Add(new LogLost(ElectsFrom));
        }

        for (var index = stored.Next; index <= Log.LastIndex; index = index.Next)
        {
            records.Add(new Stored(Log[index]));
        }

        return records;
    }
}
