using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>One executed block that is not final yet: what it changed, over its parent's layer.</summary>
/// <param name="block">The block.</param>
/// <param name="parent">The layer below; null on the final head.</param>
/// <param name="outcome">What executing it gave.</param>
/// <param name="transactions">The hashes of its transactions.</param>
/// <param name="epoch">Of the block after it.</param>
internal sealed class Layer(
    Block block, Layer? parent, Outcome outcome, IReadOnlySet<Digest> transactions, Epoch epoch)
{
    public Block Block { get; } = block;

    public Layer? Parent { get; private set; } = parent;

    public Outcome Outcome { get; } = outcome;

    public IReadOnlySet<Digest> Transactions { get; } = transactions;

    public Epoch Epoch { get; } = epoch;

    /// <summary>Lets go of an ancestor that is final: its writes are read from the store.</summary>
    public void ParentIsFinal() => Parent = null;
}
