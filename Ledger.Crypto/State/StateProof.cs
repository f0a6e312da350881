namespace Ledger.Crypto;

/// <summary>
/// Shows against a state root what stands at a path: its leaf, or the place where it would be, which is empty
/// or held by another leaf alone.
/// </summary>
/// <param name="Leaf">The leaf met at the end of the way, if any.</param>
/// <param name="Siblings">The hashes beside the way, from the root down.</param>
public sealed record StateProof((Digest Path, Digest Value)? Leaf, IReadOnlyList<Digest> Siblings)
{
    /// <param name="root">The state root of a certified header.</param>
    /// <param name="path">SHA-256 of the key in question.</param>
    /// <param name="value">The value's digest, or null to check that the key is absent.</param>
    public bool Verify(Digest root, Digest path, Digest? value)
    {
        if (Siblings.Count > 8 * Digest.Size || !Fits(path, value))
        {
            return false;
        }

        var hash = Leaf is { } leaf ? StateHash.Leaf(leaf.Path, leaf.Value) : Digest.Zero;
        for (var depth = Siblings.Count - 1; depth >= 0; depth--)
        {
            hash = path.BitAt(depth)
                ? StateHash.Node(Siblings[depth], hash)
                : StateHash.Node(hash, Siblings[depth]);
        }

        return hash == root;
    }

    private bool Fits(Digest path, Digest? value)
    {
        if (value is not null)
        {
            return Leaf == (path, value.Value);
        }

        if (Leaf is not { } other)
        {
            return true;
        }

        // Another leaf stands alone in the subtree where ours would be: it must lie on the same way.
        for (var depth = 0; depth < Siblings.Count; depth++)
        {
            if (other.Path.BitAt(depth) != path.BitAt(depth))
            {
                return false;
            }
        }

        return other.Path != path;
    }
}
