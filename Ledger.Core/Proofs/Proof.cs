using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// A file that convinces somebody who has the genesis and trusts no node. A closed family:
/// <see cref="ProofLayout"/> knows every case.
/// </summary>
/// <param name="Genesis">The hash of the chain's genesis.</param>
/// <param name="Finality">Shows the block that the rest is proven against.</param>
public abstract record Proof(Digest Genesis, FinalityProof Finality);

/// <summary>
/// Shows that a header is final: it and the headers above it, the last of which a quorum has committed.
/// </summary>
/// <param name="Header">The one that is shown to be final.</param>
/// <param name="Path">
/// Its descendants up to the certified one; none when it has a certificate of its own.
/// </param>
/// <param name="View">The view in which the certified one was committed.</param>
/// <param name="Signers">Whose COMMITs certify it, ascending.</param>
public sealed record FinalityProof(
    BlockHeader Header, IReadOnlyList<BlockHeader> Path, View View, IReadOnlyList<Signer> Signers)
{
    /// <summary>The header that the signatures are under.</summary>
    public BlockHeader Certified => Path.Count == 0 ? Header : Path[^1];

    /// <summary>
    /// How the validators came to be those who signed: every change below the certified header, ascending.
    /// </summary>
    public IReadOnlyList<CertifiedChange> Changes { get; init; } = [];
}

/// <summary>A block that changed the validators, committed by those who were validators before it.</summary>
/// <param name="Header">Of that block; it names the set after it by its hash.</param>
/// <param name="View">The view in which it was committed.</param>
/// <param name="Signers">Whose COMMITs certify it, ascending.</param>
/// <param name="Seats">The seats that it gave or emptied, ascending.</param>
public sealed record CertifiedChange(
    BlockHeader Header, View View, IReadOnlyList<Signer> Signers, IReadOnlyList<SeatChange> Seats);

/// <summary>What became of one transaction, with all that shows it.</summary>
/// <param name="Transaction">The transaction itself.</param>
/// <param name="Receipt">Its outcome.</param>
/// <param name="TransactionPath">From it to the header's transactions root.</param>
/// <param name="ReceiptPath">From its outcome to the header's receipts root.</param>
public sealed record ReceiptProof(
    Digest Genesis,
    Transaction Transaction,
    Receipt Receipt,
    MerklePath TransactionPath,
    MerklePath ReceiptPath,
    FinalityProof Finality) : Proof(Genesis, Finality);

/// <summary>Headers in a row, the last certified: what a light client follows the chain by.</summary>
public sealed record HeadersProof(Digest Genesis, FinalityProof Finality) : Proof(Genesis, Finality);

/// <summary>What stands at one key of the state after a block, or that nothing does.</summary>
/// <param name="Key">The state key, see <see cref="StateKey"/>.</param>
/// <param name="Value">The encoded entry; null when the key is absent.</param>
/// <param name="Other">The leaf that stands alone where an absent key's would, if one does.</param>
/// <param name="Siblings">The hashes beside the way to the key's leaf, from the state root down.</param>
public sealed record KeyProof(
    Digest Genesis,
    byte[] Key,
    byte[]? Value,
    (Digest Path, Digest Value)? Other,
    IReadOnlyList<Digest> Siblings,
    FinalityProof Finality) : Proof(Genesis, Finality);

/// <summary>
/// Every key of a namespace that begins with a prefix, after a block, and that there are no others. All
/// leaves of the subtree that the namespace lies in are revealed, so that none can be left out.
/// </summary>
/// <param name="Prefix">A namespace, the NUL after it, and the beginning of a key, as in state keys.</param>
/// <param name="Siblings">The hashes beside the way to the subtree, from the state root down.</param>
/// <param name="Entries">The keys with the prefix and their encoded entries, ascending.</param>
/// <param name="Others">The keys that lie in the subtree too and do not have the prefix, ascending.</param>
public sealed record PrefixProof(
    Digest Genesis,
    byte[] Prefix,
    IReadOnlyList<Digest> Siblings,
    IReadOnlyList<(byte[] Key, byte[] Value)> Entries,
    IReadOnlyList<(byte[] Key, Digest Value)> Others,
    FinalityProof Finality) : Proof(Genesis, Finality);
