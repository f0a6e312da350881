using System.Numerics;

namespace Ledger.Crypto;

/// <summary>
/// The Merkle tree of RFC 6962, section 2.1, over a list: a block's transactions and receipts. A proof shows
/// that one of them is in the list, or that a longer list begins with a shorter one.
/// </summary>
public static class MerkleTree
{
    private const byte LeafDomain = 0x00;
    private const byte NodeDomain = 0x01;

    public static Digest LeafHash(ReadOnlySpan<byte> data) => Sha256.Hash([LeafDomain], data);

    /// <summary>MTH of section 2.1. The root over no leaves is the digest of no bytes.</summary>
    public static Digest Root(ReadOnlySpan<Digest> leafHashes)
    {
        if (leafHashes.Length < 2)
        {
            return leafHashes.IsEmpty ? Sha256.Hash([]) : leafHashes[0];
        }

        var split = SplitOf(leafHashes.Length);
        return Node(Root(leafHashes[..split]), Root(leafHashes[split..]));
    }

    /// <summary>PATH of section 2.1.1: the siblings from the leaf up to the root.</summary>
    public static Digest[] InclusionProof(ReadOnlySpan<Digest> leafHashes, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leafHashes.Length);

        List<Digest> path = [];
        AddInclusion(leafHashes, index, path);
        return [.. path];
    }

    /// <summary>
    /// Whether the leaf is the one at this index of the list with this root and count (RFC 9162, section
    /// 2.1.3.2).
    /// </summary>
    public static bool VerifyInclusion(
        Digest root, Digest leafHash, long index, long count, ReadOnlySpan<Digest> path)
    {
        if (index < 0 || index >= count)
        {
            return false;
        }

        var node = index;
        var last = count - 1;
        var hash = leafHash;
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = Node(sibling, hash);
                SkipLevelsWithoutSibling(ref node, ref last);
            }
            else
            {
                hash = Node(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && hash == root;
    }

    /// <summary>PROOF of section 2.1.2: what shows that the list begins with its own first leaves.</summary>
    public static Digest[] ConsistencyProof(ReadOnlySpan<Digest> leafHashes, int oldCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldCount, leafHashes.Length);

        List<Digest> path = [];
        if (oldCount > 0)
        {
            AddConsistency(leafHashes, oldCount, isWholeOldTree: true, path);
        }

        return [.. path];
    }

    /// <summary>
    /// Whether the newer list begins with the older one (RFC 9162, section 2.1.4.2). Every list begins with
    /// the empty one.
    /// </summary>
    public static bool VerifyConsistency(
        Digest oldRoot,
        long oldCount,
        Digest newRoot,
        long newCount,
        ReadOnlySpan<Digest> path)
    {
        if (oldCount < 0 || oldCount > newCount)
        {
            return false;
        }

        if (oldCount == newCount)
        {
            return path.IsEmpty && oldRoot == newRoot;
        }

        if (oldCount == 0)
        {
            return path.IsEmpty && oldRoot == Root([]);
        }

        // An old tree that is complete is a node of the new one: the proof leaves it out.
        var isComplete = BitOperations.IsPow2(oldCount);
        if (path.IsEmpty && !isComplete)
        {
            return false;
        }

        var start = isComplete ? oldRoot : path[0];
        return FoldConsistency(
            start, oldCount, newCount, isComplete ? path : path[1..], out var foldedOld, out var foldedNew)
            && foldedOld == oldRoot
            && foldedNew == newRoot;
    }

    private static bool FoldConsistency(
        Digest start,
        long oldCount,
        long newCount,
        ReadOnlySpan<Digest> path,
        out Digest oldHash,
        out Digest newHash)
    {
        oldHash = start;
        newHash = start;
        var node = oldCount - 1;
        var last = newCount - 1;
        while ((node & 1) == 1)
        {
            node >>= 1;
            last >>= 1;
        }

        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                oldHash = Node(sibling, oldHash);
                newHash = Node(sibling, newHash);
                SkipLevelsWithoutSibling(ref node, ref last);
            }
            else
            {
                newHash = Node(newHash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0;
    }

    /// <summary>The last node of a level has no sibling while it is a left one: it rises as it is.</summary>
    private static void SkipLevelsWithoutSibling(ref long node, ref long last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }

    private static void AddInclusion(ReadOnlySpan<Digest> leaves, int index, List<Digest> path)
    {
        if (leaves.Length == 1)
        {
            return;
        }

        var split = SplitOf(leaves.Length);
        if (index < split)
        {
            AddInclusion(leaves[..split], index, path);
            path.Add(Root(leaves[split..]));
        }
        else
        {
            AddInclusion(leaves[split..], index - split, path);
            path.Add(Root(leaves[..split]));
        }
    }

    /// <summary>
    /// SUBPROOF of section 2.1.2: the verifier holds the old tree's own root, so that one is not sent.
    /// </summary>
    private static void AddConsistency(
        ReadOnlySpan<Digest> leaves, int oldCount, bool isWholeOldTree, List<Digest> path)
    {
        if (oldCount == leaves.Length)
        {
            if (!isWholeOldTree)
            {
                path.Add(Root(leaves));
            }

            return;
        }

        var split = SplitOf(leaves.Length);
        if (oldCount <= split)
        {
            AddConsistency(leaves[..split], oldCount, isWholeOldTree, path);
            path.Add(Root(leaves[split..]));
        }
        else
        {
            AddConsistency(leaves[split..], oldCount - split, isWholeOldTree: false, path);
            path.Add(Root(leaves[..split]));
        }
    }

    /// <summary>The largest power of two below the count.</summary>
    private static int SplitOf(int count) => 1 << BitOperations.Log2((uint)count - 1);

    internal static Digest Node(in Digest left, in Digest right)
    {
        Span<byte> node = stackalloc byte[1 + (2 * Digest.Size)];
        node[0] = NodeDomain;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + Digest.Size)..]);
        return Sha256.Hash(node);
    }
}
