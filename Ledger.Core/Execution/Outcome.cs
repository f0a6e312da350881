using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// What a block's transactions lead to on their parent's state: the same for everyone who executes them.
/// </summary>
/// <param name="ByPath">The last write of each key, to be read through by blocks above.</param>
/// <param name="Writes">The same in the order of their paths.</param>
/// <param name="Receipts">One for each transaction.</param>
/// <param name="Tree">The state tree after them.</param>
internal sealed record Outcome(
    IReadOnlyDictionary<Digest, StateWrite> ByPath, StateWrite[] Writes, Receipt[] Receipts, StateTree Tree)
{
    /// <summary>Takes what an overlay holds and moves the tree on by it.</summary>
    public static Outcome Of(Overlay overlay, Receipt[] receipts, StateTree below)
    {
        var writes = overlay.InOrder(out var paths);
        var changes = new StateChange[writes.Length];
        for (var i = 0; i < writes.Length; i++)
        {
            changes[i] = new(paths[i], writes[i].Value is { } value ? StateKey.ValueDigest(value) : null);
        }

        return new(overlay.Writes, writes, receipts, below.Update(changes));
    }
}
