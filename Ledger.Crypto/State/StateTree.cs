using System.Runtime.InteropServices;

namespace Ledger.Crypto;

/// <summary>
/// The sparse Merkle tree over every key of the state, as one immutable version. An update makes a new
/// version that shares what it did not touch, so that uncommitted blocks stack their versions in memory over
/// the final one on disk. A subtree without a leaf hashes to zero, one with a single leaf is that leaf, so
/// the root depends on the set of (path, value) pairs alone. One owner at a time: versions share pages.
/// </summary>
public sealed class StateTree
{
    /// <summary>
    /// Pages with at most this many branching ones above them stay in memory; deeper ones are read when
    /// needed. Pages with a single child, which lead to a subtree of its own, do not count. One large subtree
    /// keeps 4,369 of them (8 MB); millions of leaves spread over all of the tree keep 69,905 (130 MB) and
    /// never more.
    /// </summary>
    private const int LevelsKept = 4;

    private readonly IStatePageStore _store;
    private readonly StatePage _root;
    private readonly List<Change> _changed;
    private readonly PageCache _cache;

    private StateTree(IStatePageStore store, StatePage root, List<Change> changed, PageCache cache)
    {
        _store = store;
        _cache = cache;
        _root = root;
        _changed = changed;
        Root = root.Hash();
    }

    public Digest Root { get; }

    public static StateTree Empty(IStatePageStore store) => new(store, StatePage.Empty, [], new());

    /// <summary>Opens the version that the store holds.</summary>
    /// <exception cref="InvalidDataException">The store's pages are damaged or of another
    /// version.</exception>
    public static StateTree Open(IStatePageStore store, Digest root)
    {
        if (root == Digest.Zero)
        {
            return Empty(store);
        }

        // The root's page may hold a lone leaf, whose hash is then the root.
        var tree = new StateTree(store, Read(store, KeyOf(0, default), root), [], new());
        return tree;
    }

    /// <summary>The version after these changes; each path at most once, in any order.</summary>
    public StateTree Update(IReadOnlyList<StateChange> changes)
    {
        StateChange[] sorted = [.. changes];
        Array.Sort(sorted, static (a, b) => a.Path.CompareTo(b.Path));
        List<Change> changed = [];
        var root = UpdatePage(_root, 0, 0, sorted, changed);
        return new(_store, root, changed, _cache);
    }

    /// <summary>
    /// What a store must write to hold this version instead of the one it was updated from.
    /// </summary>
    public IReadOnlyList<PageWrite> PageWrites()
    {
        var writes = new PageWrite[_changed.Count];
        for (var i = 0; i < writes.Length; i++)
        {
            writes[i] = new(_changed[i].Key, _changed[i].Page?.Encode());
        }

        return writes;
    }

    /// <summary>
    /// To be called once the store holds this version: deep pages leave memory, but for a cache of them.
    /// Older versions may not be used after.
    /// </summary>
    public void Unload()
    {
        foreach (var change in _changed)
        {
            if (change.Level >= LevelsKept)
            {
                change.Page?.Unload(_cache);
            }
        }

        _changed.Clear();
    }

    /// <summary>Shows what stands at a path, or that nothing does.</summary>
    public StateProof Prove(Digest path)
    {
        List<Digest> siblings = [];
        var page = _root;
        for (var depth = 0; ; depth++)
        {
            if (page.Descend(Nibble(path, depth), siblings, out var end))
            {
                return new(end.Kind == SlotKind.Leaf ? (end.Path, end.Value) : null, siblings);
            }

            page = end.Page ?? Read(_store, KeyOf(depth + 1, path), end.Hash);
        }
    }

    /// <summary>Shows all leaves whose paths begin like this one, and that there are no others.</summary>
    /// <param name="path">Its first bits are what counts.</param>
    /// <param name="nibbles">How many of its bits, in fours.</param>
    /// <param name="limit">Leaves at most.</param>
    /// <returns>Null when there are more leaves than the limit.</returns>
    public StateRangeProof? ProveRange(Digest path, int nibbles, int limit)
    {
        List<Digest> siblings = [];
        List<(Digest, Digest)> leaves = [];
        var page = _root;
        for (var depth = 0; depth < nibbles; depth++)
        {
            if (page.Descend(Nibble(path, depth), siblings, out var end))
            {
                return new(siblings, end.Kind == SlotKind.Leaf ? [(end.Path, end.Value)] : []);
            }

            page = end.Page ?? Read(_store, KeyOf(depth + 1, path), end.Hash);
        }

        return Collect(page, path, nibbles, leaves, limit) ? new(siblings, leaves) : null;
    }

    /// <summary>All leaves below a page, in the order of their paths.</summary>
    private bool Collect(
        StatePage page, Digest path, int depth, List<(Digest Path, Digest Value)> leaves, int limit)
    {
        for (var nibble = 0; nibble < StatePage.Fanout; nibble++)
        {
            ref readonly var slot = ref page[nibble];
            if (slot.Kind == SlotKind.Leaf)
            {
                leaves.Add((slot.Path, slot.Value));
            }
            else if (slot.Kind == SlotKind.Link)
            {
                var below = path.WithNibble(depth, nibble);
                if (!Collect(slot.Page ?? Read(_store, KeyOf(depth + 1, below), slot.Hash), below, depth
                    + 1, leaves, limit))
                {
                    return false;
                }
            }

            if (leaves.Count > limit)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A subtree of nothing but these leaves, and its pages; the root's page, too, where it is the whole
    /// tree.
    /// </summary>
    internal static (Slot Slot, IReadOnlyList<PageWrite> Pages) Build(
        int depth, IReadOnlyList<StateChange> leaves)
    {
        StateChange[] sorted = [.. leaves];
        Array.Sort(sorted, static (a, b) => a.Path.CompareTo(b.Path));
        List<Change> changed = [];
        StateTree nothing = new(NoPages.Instance, StatePage.Empty, changed, new());
        var slot = depth > 0 || sorted.Length == 0
            ? nothing.UpdateSlot(default, depth, 0, sorted, changed)
            : nothing.UpdatePage(StatePage.Empty, 0, 0, sorted, changed).AsSlot();
        return (slot, nothing.PageWrites());
    }

    private StatePage UpdatePage(
        StatePage page, int depth, int level, ReadOnlySpan<StateChange> changes, List<Change> changed)
    {
        var slots = page.CopySlots();
        var levelBelow = page.IsBranching ? level + 1 : level;
        var prefix = changes.Length > 0 ? changes[0].Path : default;
        while (changes.Length > 0)
        {
            var nibble = Nibble(changes[0].Path, depth);
            var run = 1;
            while (run < changes.Length && Nibble(changes[run].Path, depth) == nibble)
            {
                run++;
            }

            if (slots[nibble] is { Kind: SlotKind.Link, Page: null } link)
            {
                // Kept in the older version too, which shares it: the next block finds it in memory.
                var read = _cache.Find(link.Hash)
                    ?? Read(_store, KeyOf(depth + 1, changes[0].Path), link.Hash);
                if (level < LevelsKept)
                {
                    page.Keep(nibble, read);
                }

                slots[nibble] = link.With(read);
            }

            slots[nibble] = UpdateSlot(slots[nibble], depth + 1, levelBelow, changes[..run], changed);
            changes = changes[run..];
        }

        var updated = StatePage.Of(slots);
        changed.Add(new(KeyOf(depth, prefix), level, updated));
        return updated;
    }

    private Slot UpdateSlot(
        in Slot slot, int depth, int level, ReadOnlySpan<StateChange> changes, List<Change> changed)
    {
        if (slot.Kind == SlotKind.Link)
        {
            var updated = UpdatePage(slot.Page!, depth, level, changes, changed);
            var result = updated.AsSlot();
            if (result.Kind != SlotKind.Link)
            {
                // Folded up into its parent: the page itself goes.
                changed[^1] = changed[^1] with { Page = null };
            }

            return result;
        }

        if (changes.Length == 1 && (slot.Kind == SlotKind.Empty || slot.Path == changes[0].Path))
        {
            return changes[0].Value is { } value ? Slot.OfLeaf(changes[0].Path, value) : default;
        }

        // Nothing or one leaf here so far: what remains are insertions and perhaps that leaf.
        var inserted = new List<StateChange>(changes.Length + 1);
        var old = slot.Kind == SlotKind.Leaf ? slot : default;
        foreach (var change in changes)
        {
            if (old.Kind == SlotKind.Leaf && old.Path.CompareTo(change.Path) <= 0)
            {
                if (old.Path != change.Path)
                {
                    inserted.Add(new(old.Path, old.Value));
                }

                old = default;
            }

            if (change.Value is not null)
            {
                inserted.Add(change);
            }
        }

        if (old.Kind == SlotKind.Leaf)
        {
            inserted.Add(new(old.Path, old.Value));
        }

        return inserted.Count switch
        {
            0 => default,
            1 => Slot.OfLeaf(inserted[0].Path, inserted[0].Value!.Value),
            _ => UpdatePage(StatePage.Empty, depth, level, CollectionsMarshal.AsSpan(inserted), changed)
                .AsSlot(),
        };
    }

    private static StatePage Read(IStatePageStore store, byte[] key, Digest expected)
    {
        var page = store.TryRead(key, out var bytes) ? StatePage.Decode(bytes) : null;
        return page is not null && page.Hash() == expected
            ? page
            : throw new InvalidDataException(
                $"State tree page {Convert.ToHexStringLower(key)} is missing, damaged or of another "
                + "version.");
    }

    private static int Nibble(Digest path, int depth) => path.NibbleAt(depth);

    /// <summary>One byte of depth in nibbles, then those nibbles, two in a byte.</summary>
    internal static byte[] KeyOf(int depth, Digest path)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        path.CopyTo(bytes);
        var key = new byte[1 + ((depth + 1) / 2)];
        key[0] = (byte)depth;
        bytes[..(key.Length - 1)].CopyTo(key.AsSpan(1));
        if (depth % 2 == 1)
        {
            key[^1] &= 0xf0;
        }

        return key;
    }

    private sealed class NoPages : IStatePageStore
    {
        public static readonly NoPages Instance = new();

        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            page = [];
            return false;
        }
    }

    /// <param name="Level">How many branching pages stand above it.</param>
    /// <param name="Page">What it is now; null when it was removed.</param>
    private readonly record struct Change(byte[] Key, int Level, StatePage? Page);
}
