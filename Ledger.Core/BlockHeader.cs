using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Everything that one certificate proves at once: order (parent), content (transactions), outcome
/// (receipts), state, and who may certify. The view is not in it: certificates name the view.
/// </summary>
/// <param name="ChainId">1 to 64 characters.</param>
/// <param name="Height">Genesis is 0.</param>
/// <param name="Parent">Hash of the header one lower; zero for genesis.</param>
/// <param name="Time">Never before the parent's.</param>
/// <param name="Proposer">Who packed it.</param>
/// <param name="TransactionsRoot">RFC 6962 tree over the transactions' leaves, in order.</param>
/// <param name="ReceiptsRoot">RFC 6962 tree over the receipts' leaves, in order.</param>
/// <param name="StateRoot">Sparse Merkle root over every key, after this block.</param>
/// <param name="ValidatorsHash">The set that certifies this block.</param>
/// <param name="NextValidatorsHash">The set that certifies the next.</param>
public sealed record BlockHeader(
    string ChainId,
    Height Height,
    Digest Parent,
    Timestamp Time,
    ValidatorIndex Proposer,
    Digest TransactionsRoot,
    Digest ReceiptsRoot,
    Digest StateRoot,
    Digest ValidatorsHash,
    Digest NextValidatorsHash)
{
    /// <summary>
    /// Whether the block changes the validator set: it ends its epoch, and nothing stands on it before it is
    /// final.
    /// </summary>
    public bool EndsEpoch => NextValidatorsHash != ValidatorsHash;

    /// <summary>
    /// SHA-256 of the domain and the canonical encoding. Computed anew: keep it where it is used twice.
    /// </summary>
    public Digest ComputeHash() => HeaderCodec.HashOf(this);
}
