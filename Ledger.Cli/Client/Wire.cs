namespace Ledger.Cli.Client;

/// <summary>What a node says of itself: <c>GET /v1/status</c>.</summary>
internal sealed record StatusReply(
    string ChainId,
    string Mode,
    string Validator,
    string State,
    ulong Height,
    long LastBlockTime,
    ulong View,
    string? Primary,
    int Peers,
    int MempoolTransactions,
    string? Version);

/// <summary>What became of one transaction: an item of <c>POST /v1/transactions</c>, or a look at its hash.</summary>
/// <param name="Hash">64 hexadecimal digits.</param>
/// <param name="Status">pending, final, or rejected.</param>
/// <param name="Height">The block that holds it, once final.</param>
/// <param name="Applied">Whether its operations took effect, once final.</param>
/// <param name="Reason">Why it was rejected, or why it did not take effect.</param>
internal sealed record TransactionReply(
    string Hash, string Status, ulong? Height = null, bool? Applied = null, string? Reason = null)
{
    public const string Pending = "pending";
    public const string Final = "final";
    public const string Rejected = "rejected";

    public bool IsFinal => Status == Final;

    public bool IsApplied => IsFinal && Applied == true;
}

internal sealed record StateReply(
    string Namespace, string Key, string Value, ulong Version, ulong Height, string? ValueText = null);

internal sealed record HistoryEntry(ulong Height, string Transaction, ulong Version, string? Value);

internal sealed record BalanceReply(string Asset, ulong Amount);

internal sealed record RoleReply(string Role, string? Namespace);

internal sealed record AccountReply(
    string Address, IReadOnlyList<BalanceReply> Balances, IReadOnlyList<RoleReply> Roles);

internal sealed record ValidatorReply(int Index, string Name, string PublicKey);

internal sealed record BlockReply(
    ulong Height, string Hash, string Parent, long Time, int Proposer, int TransactionCount, ulong? View = null);

/// <summary>RFC 9457 problem details.</summary>
internal sealed record ProblemReply(string? Title, string? Detail, int? Status);
