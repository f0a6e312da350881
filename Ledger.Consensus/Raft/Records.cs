using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// Rests RequestVote and votes: the current term, and whom this replica has voted for in it.
/// </summary>
public sealed record TermEntered(Term Term, ValidatorIndex? VotedFor) : JournalRecord;

/// <summary>
/// Rests acknowledgements: one more entry at the end of the log. A configuration counts from here on.
/// </summary>
public sealed record Stored(LogEntry Entry) : JournalRecord;

/// <summary>The entry at this index and all after it contradict the leader's and are gone.</summary>
public sealed record Truncated(LogIndex From) : JournalRecord;

/// <summary>What the log starts from: everything up to the mark is final and in the ledger's store.</summary>
public sealed record Snapshotted(SnapshotMark Mark) : JournalRecord;
