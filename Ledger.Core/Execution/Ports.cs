using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// What execution reads of the last final state: implemented by storage and by the simulator's disk.
/// </summary>
public interface IFinalState : IStatePageStore
{
    /// <summary>The encoded value at a state key, or null when absent.</summary>
    byte[]? ReadState(ReadOnlySpan<byte> stateKey);

    /// <summary>
    /// Whether a transaction of this hash is in a final block (remembered at least until its valid-until).
    /// </summary>
    bool HoldsTransaction(Digest hash);
}

/// <summary>The last final state, and the one way to move it on.</summary>
public interface ILedgerStore : IFinalState
{
    /// <summary>The last final header, or null when the store is empty.</summary>
    BlockHeader? Head { get; }

    /// <summary>
    /// A final header; null when it is not kept here. Those that changed the validators are always kept.
    /// </summary>
    BlockHeader? ReadHeader(Height height);

    /// <summary>
    /// Makes final blocks durable, ascending from the head, all of each or nothing: block, certificate,
    /// receipts, state, state tree, indexes. Returns after the disk has them; throws when it does not, and
    /// then nothing has changed.
    /// </summary>
    void Append(IReadOnlyList<FinalBlock> blocks);
}

/// <summary>One key's new value.</summary>
/// <param name="Key">The state key: a kind and its fields, see <c>StateKey</c>.</param>
/// <param name="Value">The encoded entry, or null when the key is removed.</param>
public readonly record struct StateWrite(byte[] Key, byte[]? Value);

/// <summary>Everything that one final block changes.</summary>
/// <param name="Block">The block.</param>
/// <param name="Certificate">Its own commit certificate; null when a descendant's makes it final.</param>
/// <param name="Receipts">One for each transaction, in order.</param>
/// <param name="Writes">At most one for each key.</param>
/// <param name="Pages">The state tree's pages that changed.</param>
public sealed record FinalBlock(
    Block Block,
    QuorumCertificate? Certificate,
    IReadOnlyList<Receipt> Receipts,
    IReadOnlyList<StateWrite> Writes,
    IReadOnlyList<PageWrite> Pages);
