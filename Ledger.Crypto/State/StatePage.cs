using System.Buffers.Binary;
using System.Numerics;

namespace Ledger.Crypto;

/// <summary>
/// Four levels of the binary tree: sixteen children. A page has at least two leaves below it, except the
/// root's. It is stored under its place in the tree (depth and nibbles), and its children's hashes tell
/// whether what was read back is what was meant.
/// </summary>
internal sealed class StatePage
{
    public const int Fanout = 16;
    private const int HeadBytes = 4;

    private readonly Slot[] _slots;

    /// <summary>
    /// The kind of each slot, two bits each, the first one lowest: asked for far more often than made.
    /// </summary>
    private readonly uint _kinds;

    private StatePage(Slot[] slots)
    {
        _slots = slots;
        for (var i = 0; i < Fanout; i++)
        {
            _kinds |= (uint)slots[i].Kind << (2 * i);
        }
    }

    public static StatePage Empty { get; } = new(new Slot[Fanout]);

    /// <summary>Whether more than one way leads on from here.</summary>
    public bool IsBranching => BitOperations.PopCount(Leaves) + BitOperations.PopCount(Links) > 1;

    private uint Leaves => _kinds & 0x5555_5555;

    private uint Links => _kinds & 0xaaaa_aaaa;

    public ref readonly Slot this[int nibble] => ref _slots[nibble];

    /// <summary>A copy to be changed, while this one stays what it is for older versions.</summary>
    public Slot[] CopySlots() => _slots.AsSpan().ToArray();

    public static StatePage Of(Slot[] slots) => new(slots);

    /// <summary>Drops the pages below; they are on disk, and may be in the cache for a while.</summary>
    public void Unload(PageCache cache)
    {
        for (var i = 0; i < Fanout; i++)
        {
            if (_slots[i].Page is { } page)
            {
                cache.Add(_slots[i].Hash, page);
                _slots[i] = _slots[i].With(null);
            }
        }
    }

    /// <summary>Keeps a page that was read, so that the next change finds it in memory.</summary>
    public void Keep(int nibble, StatePage page) => _slots[nibble] = _slots[nibble].With(page);

    /// <summary>The hash of this page's subtree; a lone leaf's own hash when it has just one.</summary>
    public Digest Hash() => Fold(0, Fanout).Hash;

    /// <summary>What this page is to its parent: nothing, its lone leaf, or a link.</summary>
    public Slot AsSlot()
    {
        var (hash, kind) = Fold(0, Fanout);
        return kind switch
        {
            SlotKind.Empty => default,
            SlotKind.Leaf => Array.Find(_slots, slot => slot.Kind == SlotKind.Leaf),
            _ => Slot.OfPage(hash, this),
        };
    }

    /// <summary>
    /// The siblings on the way to a child, from the top of the page, until a subtree is empty or a lone leaf.
    /// </summary>
    /// <returns>True when the way ends inside this page.</returns>
    public bool Descend(int nibble, List<Digest> siblings, out Slot end)
    {
        var (from, count) = (0, Fanout);
        while (count > 1)
        {
            var (_, kind) = Fold(from, count);
            if (kind != SlotKind.Link)
            {
                break;
            }

            var half = count / 2;
            var right = nibble >= from + half;
            siblings.Add(Fold(right ? from : from + half, half).Hash);
            from = right ? from + half : from;
            count = half;
        }

        end = default;
        for (var i = from; i < from + count; i++)
        {
            end = KindAt(i) != SlotKind.Empty ? _slots[i] : end;
        }

        return end.Kind != SlotKind.Link;
    }

    public byte[] Encode()
    {
        var length = HeadBytes
            + (BitOperations.PopCount(Leaves) * 2 * Digest.Size)
            + (BitOperations.PopCount(Links) * Digest.Size);
        var bytes = new byte[length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, _kinds);
        var at = HeadBytes;
        for (var i = 0; i < Fanout; i++)
        {
            var kind = KindAt(i);
            if (kind == SlotKind.Leaf)
            {
                _slots[i].Path.CopyTo(bytes.AsSpan(at));
                _slots[i].Value.CopyTo(bytes.AsSpan(at + Digest.Size));
                at += 2 * Digest.Size;
            }
            else if (kind == SlotKind.Link)
            {
                _slots[i].Hash.CopyTo(bytes.AsSpan(at));
                at += Digest.Size;
            }
        }

        return bytes;
    }

    /// <returns>Null when the bytes are no page.</returns>
    public static StatePage? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes)
        {
            return null;
        }

        var slots = new Slot[Fanout];
        var rest = bytes[HeadBytes..];
        for (var i = 0; i < Fanout; i++)
        {
            var kind = (SlotKind)((bytes[i / 4] >> (2 * (i % 4))) & 3);
            var need = kind == SlotKind.Leaf ? 2 * Digest.Size : kind == SlotKind.Link ? Digest.Size : 0;
            if (rest.Length < need || kind > SlotKind.Link)
            {
                return null;
            }

            slots[i] = kind switch
            {
                SlotKind.Leaf => Slot.OfLeaf(new(rest[..Digest.Size]), new(rest[Digest.Size..need])),
                SlotKind.Link => Slot.OfPage(new(rest[..need]), null),
                _ => default,
            };
            rest = rest[need..];
        }

        return rest.Length == 0 ? new(slots) : null;
    }

    private SlotKind KindAt(int nibble) => (SlotKind)((_kinds >> (2 * nibble)) & 3);

    /// <summary>
    /// The subtree over a run of children: no leaf hashes to zero, a lone leaf stands for the whole run (this
    /// is what compresses paths), two or more make a node.
    /// </summary>
    private (Digest Hash, SlotKind Kind) Fold(int from, int count)
    {
        if (((_kinds >> (2 * from)) & (uint)((1UL << (2 * count)) - 1)) == 0)
        {
            return default;
        }

        if (count == 1)
        {
            return (_slots[from].Hash, KindAt(from));
        }

        var half = count / 2;
        var left = Fold(from, half);
        var right = Fold(from + half, half);
        return (left.Kind, right.Kind) switch
        {
            (SlotKind.Empty, SlotKind.Empty) => default,
            (SlotKind.Leaf, SlotKind.Empty) => left,
            (SlotKind.Empty, SlotKind.Leaf) => right,
            _ => (StateHash.Node(left.Hash, right.Hash), SlotKind.Link),
        };
    }
}
