namespace Ledger.Crypto;

/// <summary>The Merkle tree of certificate transparency (RFC 6962 §2.1), over leaves that are already hashed.</summary>
public static class MerkleTree
{
    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;

    public static Digest LeafHash(ReadOnlySpan<byte> data) => Sha256.Hash([LeafPrefix], data);

    /// <summary>The root; of no leaves it is the hash of nothing.</summary>
    public static Digest Root(ReadOnlySpan<Digest> leafHashes) => leafHashes.Length switch
    {
        0 => Sha256.Hash([]),
        1 => leafHashes[0],
        var count => Node(Root(leafHashes[..Split(count)]), Root(leafHashes[Split(count)..])),
    };

    /// <summary>The siblings from a leaf up to the root (RFC 6962 §2.1.1).</summary>
    public static Digest[] InclusionProof(ReadOnlySpan<Digest> leafHashes, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)leafHashes.Length, nameof(index));
        List<Digest> path = [];
        Climb(leafHashes, index, path);
        return [.. path];
    }

    /// <summary>Whether a leaf stands at an index of the tree with this root and count. False on any forgery.</summary>
    public static bool VerifyInclusion(
        Digest root, Digest leafHash, long index, long count, ReadOnlySpan<Digest> path)
    {
        if (index < 0 || index >= count)
        {
            return false;
        }

        // RFC 9162 §2.1.3.2: walk up, telling left from right by the bits of index and last.
        var (node, last, hash) = (index, count - 1, leafHash);
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = Node(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                hash = Node(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && hash == root;
    }

    internal static Digest Node(Digest left, Digest right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * Digest.Size)];
        bytes[0] = NodePrefix;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + Digest.Size)..]);
        return Sha256.Hash(bytes);
    }

    private static void Climb(ReadOnlySpan<Digest> leafHashes, int index, List<Digest> path)
    {
        if (leafHashes.Length == 1)
        {
            return;
        }

        var split = Split(leafHashes.Length);
        if (index < split)
        {
            Climb(leafHashes[..split], index, path);
            path.Add(Root(leafHashes[split..]));
        }
        else
        {
            Climb(leafHashes[split..], index - split, path);
            path.Add(Root(leafHashes[..split]));
        }
    }

    /// <summary>The largest power of two below a count.</summary>
    private static int Split(int count) => 1 << System.Numerics.BitOperations.Log2((uint)count - 1);
}
