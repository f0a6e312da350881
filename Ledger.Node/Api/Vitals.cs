namespace Ledger.Node.Api;

/// <summary>
/// What a doctor asks of a node beyond its plain status: ages, room, what it waits for. No secrets.
/// </summary>
/// <param name="PublicKey">The validator's, as in genesis.</param>
/// <param name="PeerPort">Where it listens for the others: tells which of several devnet ports belongs to
/// whom.</param>
/// <param name="WaitsFor">nothing, peers, leader, new-view, proposal, prepares or commits.</param>
/// <param name="PhaseHeight">The height of the block that it last voted for in this view.</param>
/// <param name="SinceFinalMs">Since a block became final here, or since the start.</param>
/// <param name="LoopWaitMs">How long work has waited for the consensus loop.</param>
/// <param name="OldestTransactionMs">How long the oldest transaction has waited; 0 when none does.</param>
/// <param name="DiskFreeBytes">Where the data folder is; what this process may still write.</param>
/// <param name="JournalSyncMs">Mean of the last synced writes.</param>
/// <param name="JournalSyncMaxMs">The longest of them.</param>
/// <param name="BlocksBehind">Behind what the others say they have.</param>
/// <param name="Votes">By validator: the last that was heard.</param>
public sealed record VitalsReply(
    string PublicKey,
    int PeerPort,
    string WaitsFor,
    ulong? PhaseHeight,
    long SinceFinalMs,
    long LoopWaitMs,
    long OldestTransactionMs,
    int MempoolMaxTransactions,
    long MempoolMaxBytes,
    long DiskFreeBytes,
    long DiskTotalBytes,
    double JournalSyncMs,
    double JournalSyncMaxMs,
    ulong BlocksBehind,
    IReadOnlyList<VoteReply> Votes,
    IReadOnlyList<OffenceReply> Evidence);

/// <param name="Height">The highest block that it voted for; null when no vote came since this node's
/// start.</param>
/// <param name="AgeMs">Since its last vote came.</param>
public sealed record VoteReply(string Validator, ulong? Height, long? AgeMs);

/// <param name="Kind">What it signed twice.</param>
public sealed record OffenceReply(string Validator, string Kind, long Count);
