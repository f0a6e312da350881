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

/// <summary>
/// Written when a silence ends: the log that this replica once acknowledged is lost. A leader of this term
/// was elected without it; until the log here holds an entry of that term or a later one, it elects nobody.
/// </summary>
public sealed record LogLost(Term Term) : JournalRecord;

/// <summary>What the log starts from: everything up to the mark is final and in the ledger's store.</summary>
public sealed record Snapshotted(SnapshotMark Mark) : JournalRecord;
