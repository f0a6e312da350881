using System.Text.Json.Serialization;

namespace Ledger.Node.Api;

/// <summary><c>GET /v1/status</c>: what the node says of itself. No secrets.</summary>
/// <param name="State">
/// "ready", "syncing" while behind a peer, "waiting" while too few peers are connected, "draining" by the
/// operator's word, "joining" while this node is no validator yet, or "removed" when it is none any more.
/// </param>
/// <param name="ValidatorIndex">Its seat; -1 while it has none.</param>
/// <param name="View">In Raft the term.</param>
/// <param name="Primary">In Raft the leader; null while none is known.</param>
/// <param name="Clock">This node's clock, in milliseconds since 1970.</param>
/// <param name="Vitals">For <c>ledger doctor</c>.</param>
/// <param name="Role">
/// As in <c>GET /v1/validators</c>; null while it has no seat. A witness has a height, up to which it knows
/// blocks to be committed, and none of the blocks: no hash, no state, no time.
/// </param>
public sealed record StatusReply(
    string Version,
    string ChainId,
    string GenesisHash,
    string Mode,
    string Validator,
    int ValidatorIndex,
    string State,
    ulong Height,
    string HeadHash,
    string StateRoot,
    long LastBlockTime,
    ulong View,
    bool ViewEntered,
    string? Primary,
    bool IsPrimary,
    int Peers,
    IReadOnlyList<PeerReply> PeerList,
    int MempoolTransactions,
    long MempoolBytes,
    long Clock,
    long UptimeSeconds,
    VitalsReply? Vitals = null,
    int? Quorum = null,
    string? Role = null);

/// <param name="LastRefusal">Why no connection came about, when none did.</param>
/// <param name="Endpoint">Where it is dialled; null when only it dials us.</param>
/// <param name="RefusalCode">The same as a fixed word: a handshake's reason, or unreachable, no_answer,
/// half_open.</param>
/// <param name="RefusalAgeMs">How long ago that was.</param>
/// <param name="ConnectedMs">For how long it has been connected.</param>
/// <param name="RoundTripMs">There and back, as the last ping took.</param>
public sealed record PeerReply(
    string Name, bool Connected, string? Address, long BytesIn, long BytesOut, string? LastRefusal,
    string? Endpoint = null, string? RefusalCode = null, long? RefusalAgeMs = null, long? ConnectedMs = null,
    double? RoundTripMs = null);

/// <summary>What became of one transaction.</summary>
/// <param name="Status">"pending", "final" or "rejected".</param>
/// <param name="Height">The block that holds it, once final.</param>
/// <param name="Index">Its place in that block.</param>
/// <param name="Applied">Whether its operations took effect, once final.</param>
/// <param name="Reason">Why it was rejected, or did not take effect.</param>
/// <param name="Code">The reason as a fixed word.</param>
/// <param name="Duplicate">True when it had been submitted before.</param>
public sealed record TransactionReply(
    string Hash,
    string Status,
    ulong? Height = null,
    int? Index = null,
    bool? Applied = null,
    string? Reason = null,
    string? Code = null,
    bool Duplicate = false);

/// <summary>A final transaction with what proves its block.</summary>
public sealed record ReceiptReply(
    TransactionReply Transaction, string Block, string ReceiptsRoot, CertificateReply? Certificate);

/// <param name="Signers">Validators whose COMMITs are in it.</param>
public sealed record CertificateReply(ulong View, ulong Height, string Block, IReadOnlyList<string> Signers);

public sealed record BlockReply(
    ulong Height,
    string Hash,
    string Parent,
    long Time,
    int Proposer,
    int TransactionCount,
    string TransactionsRoot,
    string ReceiptsRoot,
    string StateRoot,
    ulong? View,
    IReadOnlyList<string>? Signers,
    [property: JsonIgnore(
        Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Transactions = null);

/// <param name="Value">Base64.</param>
/// <param name="ValueText">The value as text, when it is UTF-8.</param>
/// <param name="Version">The height of the block that wrote it: what a compare-and-set expects.</param>
/// <param name="Height">The height at which this was read.</param>
public sealed record StateReply(
    string Namespace, string Key, string Value, string? ValueText, ulong Version, ulong Height);

/// <param name="Value">Base64; null where the key was deleted.</param>
public sealed record HistoryEntry(ulong Height, ulong Version, string? Value, string? ValueText);

public sealed record BalanceReply(string Asset, ulong Amount);

public sealed record RoleReply(string Role, string? Namespace);

public sealed record AccountReply(
    string Address, ulong Height, IReadOnlyList<BalanceReply> Balances, IReadOnlyList<RoleReply> Roles);

/// <param name="Index">Its seat: the same for as long as the chain lives.</param>
/// <param name="Address">Where its peers reach it; absent for those of genesis, whose addresses each node
/// configures.</param>
/// <param name="Role">
/// voter; in Raft also learner: it is sent everything and counts for nothing yet; and witness: it votes and
/// keeps no blocks.
/// </param>
/// <param name="Phase">
/// settled; in Raft, while members change: learning, joining and leaving (old and new voters must both
/// agree), changing (it votes before and after).
/// </param>
public sealed record ValidatorReply(
    int Index,
    string Name,
    string PublicKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Address = null,
    string Role = ValidatorReply.Voter,
    string Phase = ValidatorReply.Settled)
{
    public const string Voter = "voter";

    public const string Learner = "learner";

    public const string Witness = "witness";

    public const string Settled = "settled";

    public const string Learning = "learning";
}

/// <summary>Proof that a validator voted for two blocks where it may vote for one.</summary>
/// <param name="Kind">"proposal", "prepare" or "commit": what it signed twice.</param>
/// <param name="Validator">Its name.</param>
/// <param name="RecordedAt">The block that put it on the ledger; null while only this node holds it.</param>
/// <param name="Reporter">Who reported it, by name when it is a validator.</param>
public sealed record EvidenceReply(
    string Kind,
    string Validator,
    string PublicKey,
    ulong View,
    ulong Height,
    SignedVoteReply First,
    SignedVoteReply Second,
    ulong? RecordedAt,
    string? Reporter);

/// <param name="Block">The hash of the block that was voted for.</param>
public sealed record SignedVoteReply(string Block, string Signature);

/// <summary>
/// A transaction as JSON: the node encodes it canonically and checks the signature over that.
/// </summary>
public sealed record TransactionRequest(
    string ChainId, string Sender, long ValidUntil, ulong Nonce, IReadOnlyList<OperationRequest> Operations,
    string Signature);

/// <param name="Type">put, delete, define-asset, issue, transfer, burn, grant or revoke.</param>
/// <param name="Value">Base64.</param>
public sealed record OperationRequest(
    string Type,
    string? Namespace = null,
    string? Key = null,
    string? Value = null,
    ulong? ExpectedVersion = null,
    string? Asset = null,
    byte? Decimals = null,
    string? To = null,
    ulong? Amount = null,
    string? Account = null,
    string? Role = null,
    string? Name = null,
    string? PublicKey = null,
    string? Address = null,
    bool? Witness = null);

/// <summary><c>POST /admin/v1/members/check</c>: asks a leader whether members may change so now.</summary>
/// <param name="Operations">Of add-validator, promote-validator and remove-validator.</param>
public sealed record MembersRequest(IReadOnlyList<OperationRequest>? Operations);

/// <param name="Possible">Always true: what is not is refused with its reason.</param>
public sealed record MembersReply(bool Possible);

/// <summary><c>POST /admin/v1/transfer-leadership</c>.</summary>
/// <param name="To">A validator's name; null for whoever lacks least.</param>
public sealed record TransferRequest(string? To = null);

/// <param name="Leader">Who leads now.</param>
public sealed record TransferReply(string Leader, ulong Term);
