namespace Ledger.Crypto;

/// <summary>
/// Shows against a state root every leaf of one subtree: those that are there hash to the subtree's root only
/// if none was left out, added or changed.
/// </summary>
/// <param name="Siblings">The hashes beside the way to the subtree, from the root down; their number is its
/// depth.</param>
/// <param name="Leaves">All of its leaves, by ascending path.</param>
public sealed record StateRangeProof(
    IReadOnlyList<Digest> Siblings, IReadOnlyList<(Digest Path, Digest Value)> Leaves)
{
    /// <param name="root">The state root of a certified header.</param>
    /// <param name="path">A path in the range.</param>
    /// <param name="bits">How many of its first bits the range's paths share. The subtree may be larger,
    /// never smaller.</param>
    public bool Verify(Digest root, Digest path, int bits)
    {
        var depth = Siblings.Count;
        if (depth > bits)
        {
            return false;
        }

        for (var i = 0; i < Leaves.Count; i++)
        {
            if ((i > 0 && Leaves[i - 1].Path.CompareTo(Leaves[i].Path) >= 0)
                || !SharesBits(Leaves[i].Path, path, depth))
            {
                return false;
            }
        }

        var hash = HashOf(0, Leaves.Count, depth);
        for (var i = depth - 1; i >= 0; i--)
        {
            hash = path.BitAt(i) ? StateHash.Node(Siblings[i], hash) : StateHash.Node(hash, Siblings[i]);
        }

        return hash == root;
    }

    private static bool SharesBits(Digest left, Digest right, int bits)
    {
        for (var i = 0; i < bits; i++)
        {
            if (left.BitAt(i) != right.BitAt(i))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The subtree over a run of leaves that share their first bits: the tree's definition, word for word.
    /// </summary>
    private Digest HashOf(int from, int count, int depth)
    {
        if (count < 2)
        {
            return count == 0 ? Digest.Zero : StateHash.Leaf(Leaves[from].Path, Leaves[from].Value);
        }

        var split = 0;
        while (split < count && !Leaves[from + split].Path.BitAt(depth))
        {
            split++;
        }

        return StateHash.Node(HashOf(from, split, depth + 1), HashOf(from + split, count - split, depth + 1));
    }
}
