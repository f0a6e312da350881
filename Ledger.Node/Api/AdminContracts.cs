namespace Ledger.Node.Api;

/// <param name="Level">trace, debug, information, warning or error.</param>
public sealed record LogLevelReply(string Level);

/// <param name="Duty">full, paused or draining.</param>
public sealed record DutyRequest(string Duty);

/// <summary>What the operator asked of this node, and how far it is with it.</summary>
/// <param name="Duty">full, paused (it votes and leaves proposing to others) or draining (and takes no new
/// transactions).</param>
/// <param name="WaitingTransactions">For which a client of this node waits.</param>
/// <param name="MempoolTransactions">That wait here, whoever brought them.</param>
/// <param name="Drained">It drains, and nobody would miss it: it may be stopped.</param>
public sealed record DutyReply(
    string Duty, int WaitingTransactions, bool IsPrimary, int MempoolTransactions, bool Drained);

/// <param name="Records">In the journal now; it is compacted from time to time.</param>
/// <param name="Bytes">Of them.</param>
/// <param name="Kinds">How many of each kind.</param>
/// <param name="Last">The last that were written, in words, oldest first.</param>
public sealed record JournalReply(
    int Records, long Bytes, IReadOnlyDictionary<string, int> Kinds, IReadOnlyList<string> Last);
