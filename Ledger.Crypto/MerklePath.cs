namespace Ledger.Crypto;

/// <summary>
/// One level on the way from a leaf to its root: the sibling, and the side on which it stands.
/// </summary>
public readonly record struct MerkleStep(bool IsLeft, Digest Sibling);

/// <summary>
/// Shows that a leaf is in an RFC 6962 tree whose root is known but whose size is not. The sides stand in the
/// path itself: an index and a count beside it could be changed together without changing the root, and would
/// then claim what nothing proves.
/// </summary>
public sealed record MerklePath(IReadOnlyList<MerkleStep> Steps)
{
    /// <summary>The way from one of a list's leaves up to its root.</summary>
    public static MerklePath Of(ReadOnlySpan<Digest> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);

        var siblings = MerkleTree.InclusionProof(leaves, index);
        var steps = new MerkleStep[siblings.Length];
        for (var (i, node, last) = (0, index, leaves.Length - 1); i < steps.Length; i++, node >>= 1,
            last >>= 1)
        {
            // The last node of a level has no sibling while it is a left one: it rises as it is.
            while (node == last && (node & 1) == 0)
            {
                node >>= 1;
                last >>= 1;
            }

            steps[i] = new((node & 1) == 1, siblings[i]);
        }

        return new(steps);
    }

    /// <summary>The root of a tree that has this leaf at the end of this way.</summary>
    public Digest RootFrom(Digest leaf)
    {
        var hash = leaf;
        foreach (var (isLeft, sibling) in Steps)
        {
            hash = isLeft ? MerkleTree.Node(sibling, hash) : MerkleTree.Node(hash, sibling);
        }

        return hash;
    }
}
