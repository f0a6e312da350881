using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>What a vote is about: one block at one height in one view.</summary>
public readonly record struct Subject(View View, Height Height, Digest Block)
{
    public Statement Prepare(Digest chain)
        => new(chain, StatementKind.Prepare, View, View.Zero, Height, Block);

    public Statement Commit(Digest chain) => new(chain, StatementKind.Commit, View, View.Zero, Height, Block);

    /// <summary>Certificates rank by view, then by height (PODC '19, highest-QC rule).</summary>
    public bool Outranks(Subject other)
        => View > other.View || (View == other.View && Height > other.Height);

    public override string ToString() => $"v{View} h{Height} {Block.ToShortString()}";
}
