namespace Ledger.Crypto;

/// <summary>
/// One subtree of a state tree, made from its leaves alone: so the parts of a large state can be built at
/// once, in any order, and more than once. What it is to the page above it fits a few bytes, which is all
/// that joining the parts takes.
/// </summary>
public sealed class StateSubtree
{
    private readonly Slot _slot;

    private StateSubtree(Slot slot, IReadOnlyList<PageWrite> pages)
    {
        _slot = slot;
        Pages = pages;
    }

    /// <summary>All pages that stand at its place or below.</summary>
    public IReadOnlyList<PageWrite> Pages { get; }

    /// <param name="nibbles">The subtree's depth.</param>
    /// <param name="leaves">All of its leaves, none removed; their paths share that many nibbles.</param>
    public static StateSubtree Of(int nibbles, IReadOnlyList<StateChange> leaves)
    {
        var (slot, pages) = StateTree.Build(nibbles, leaves);
        return new(slot, pages);
    }

    /// <summary>
    /// Puts parts together that cover a whole tree: a place is a part, or the sixteen below it are covered.
    /// </summary>
    /// <param name="parts">The depth of each and what <see cref="Encode"/> gave, in the order of
    /// paths.</param>
    /// <returns>The state root, and the pages above the parts.</returns>
    /// <exception cref="InvalidDataException">A part is not what was encoded, or they do not cover a
    /// tree.</exception>
    public static (Digest Root, IReadOnlyList<PageWrite> Pages) Join(
        IReadOnlyList<(int Nibbles, byte[] Encoded)> parts)
    {
        List<PageWrite> pages = [];
        var next = 0;
        var root = Join(parts, default, 0, ref next, pages);
        return next == parts.Count ? (root.Hash, pages) : throw Broken();
    }

    /// <summary>What it is to the page above it: a page of one slot.</summary>
    public byte[] Encode() => StatePage.Of([_slot, .. new Slot[StatePage.Fanout - 1]]).Encode();

    private static Slot Join(
        IReadOnlyList<(int Nibbles, byte[] Encoded)> parts, Digest prefix, int depth, ref int next,
        List<PageWrite> pages)
    {
        if (next == parts.Count || parts[next].Nibbles < depth)
        {
            throw Broken();
        }

        if (parts[next].Nibbles == depth)
        {
            return (StatePage.Decode(parts[next++].Encoded) ?? throw Broken())[0];
        }

        var slots = new Slot[StatePage.Fanout];
        for (var nibble = 0; nibble < slots.Length; nibble++)
        {
            slots[nibble] = Join(parts, prefix.WithNibble(depth, nibble), depth + 1, ref next, pages);
        }

        var page = StatePage.Of(slots);
        var slot = page.AsSlot();

        // One that holds a lone leaf is folded into the page above it, unless it is the root's.
        if (slot.Kind == SlotKind.Link || (depth == 0 && slot.Kind == SlotKind.Leaf))
        {
            pages.Add(new(StateTree.KeyOf(depth, prefix), page.Encode()));
        }

        return slot;
    }

    private static InvalidDataException Broken() => new("The parts of a state do not make a whole tree.");
}
