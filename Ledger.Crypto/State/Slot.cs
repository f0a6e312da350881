namespace Ledger.Crypto;

internal enum SlotKind : byte
{
    Empty = 0,

    /// <summary>The only leaf below this place.</summary>
    Leaf = 1,

    /// <summary>A page with at least two leaves.</summary>
    Link = 2,
}

/// <summary>
/// One of a page's sixteen children. Kept small: pages live long and are copied with every block, and what
/// they weigh is what the garbage collector moves.
/// </summary>
internal readonly struct Slot
{
    /// <summary>The leaf, or the page while it is in memory.</summary>
    private readonly object? _below;

    private Slot(Digest hash, object? below)
    {
        Hash = hash;
        _below = below;
    }

    /// <summary>The hash of the subtree; zero when empty.</summary>
    public Digest Hash { get; }

    public SlotKind Kind => _below is StateLeaf ? SlotKind.Leaf
        : Hash == Digest.Zero ? SlotKind.Empty
        : SlotKind.Link;

    /// <summary>A leaf's full path.</summary>
    public Digest Path => ((StateLeaf)_below!).Path;

    /// <summary>A leaf's value digest.</summary>
    public Digest Value => ((StateLeaf)_below!).Value;

    /// <summary>A link's page while it is in memory.</summary>
    public StatePage? Page => _below as StatePage;

    public static Slot OfLeaf(Digest path, Digest value)
        => new(StateHash.Leaf(path, value), new StateLeaf(path, value));

    public static Slot OfPage(Digest hash, StatePage? page) => new(hash, page);

    /// <summary>The same link with its page in memory, or without.</summary>
    public Slot With(StatePage? page) => new(Hash, page);
}

/// <summary>A key of the state as the tree knows it; shared by all versions that hold it.</summary>
internal sealed record StateLeaf(Digest Path, Digest Value);

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
