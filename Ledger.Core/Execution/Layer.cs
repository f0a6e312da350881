using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>One executed block that is not final yet: its writes over its parent's.</summary>
/// <param name="Block">The block.</param>
/// <param name="Parent">The layer below; null on the final head, and once the parent became final.</param>
internal sealed class Layer(
    Block block,
    Layer? parent,
    IReadOnlyDictionary<Digest, StateWrite> writes,
    IReadOnlyList<Receipt> receipts,
    StateTree tree,
    IReadOnlySet<Digest> transactions)
{
    public Block Block { get; } = block;

    public Layer? Parent { get; private set; } = parent;

    public IReadOnlyDictionary<Digest, StateWrite> Writes { get; } = writes;

    public IReadOnlyList<Receipt> Receipts { get; } = receipts;

    public StateTree Tree { get; } = tree;

    public IReadOnlySet<Digest> Transactions { get; } = transactions;

    /// <summary>Lets go of an ancestor that is final: its writes are read from the store.</summary>
    public void ParentIsFinal() => Parent = null;
}
