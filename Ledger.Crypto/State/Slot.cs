namespace Ledger.Crypto;

internal enum SlotKind : byte
{
    Empty = 0,

    /// <summary>The only leaf below this place.</summary>
    Leaf = 1,

    /// <summary>A page with at least two leaves.</summary>
    Link = 2,
}

/// <summary>One of a page's sixteen children.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="Path">A leaf's full path.</param>
/// <param name="Value">A leaf's value digest.</param>
/// <param name="Hash">The hash of the subtree; zero when empty.</param>
/// <param name="Page">A link's page while it is in memory.</param>
internal readonly record struct Slot(SlotKind Kind, Digest Path, Digest Value, Digest Hash, StatePage? Page)
{
    public static Slot OfLeaf(Digest path, Digest value)
        => new(SlotKind.Leaf, path, value, StateHash.Leaf(path, value), null);

    public static Slot OfPage(Digest hash, StatePage? page) => new(SlotKind.Link, default, default, hash, page);
}

/// <summary>The hashes of the state tree; the prefixes keep leaves and nodes apart.</summary>
internal static class StateHash
{
    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;

    public static Digest Leaf(Digest path, Digest value) => Of(LeafPrefix, path, value);

    public static Digest Node(Digest left, Digest right) => Of(NodePrefix, left, right);

    private static Digest Of(byte prefix, Digest first, Digest second)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * Digest.Size)];
        bytes[0] = prefix;
        first.CopyTo(bytes[1..]);
        second.CopyTo(bytes[(1 + Digest.Size)..]);
        return Sha256.Hash(bytes);
    }
}
