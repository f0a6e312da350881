using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// Where each key of a state stands in its tree, and how the state is cut into chunks. Takes about 100 bytes
/// for each key while a snapshot is made: the tree knows no keys, and keys are not stored in its order.
/// </summary>
internal sealed class StatePlan
{
    /// <summary>What an entry takes beside its key and value.</summary>
    private const int EntryFrameBytes = 8;

    private readonly Digest[] _paths;
    private readonly Place[] _places;

    /// <summary>Bytes of all entries before each one, and of all at the end.</summary>
    private readonly long[] _bytesBefore;

    private StatePlan(Digest[] paths, Place[] places)
    {
        _paths = paths;
        _places = places;
        _bytesBefore = new long[places.Length + 1];
        for (var i = 0; i < places.Length; i++)
        {
            _bytesBefore[i + 1] = _bytesBefore[i] + places[i].Bytes;
        }
    }

    public static StatePlan Of(LedgerSnapshot state, CancellationToken cancellationToken)
    {
        List<Digest> paths = [];
        List<Place> places = [];
        foreach (var (key, value) in state.ReadStateRange([]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            paths.Add(StateKey.PathOf(key));
            places.Add(new(key, key.Length + value.Length + EntryFrameBytes));
        }

        var (sorted, order) = (paths.ToArray(), places.ToArray());
        Array.Sort(sorted, order);
        return new(sorted, order);
    }

    /// <summary>The key at a path of the state.</summary>
    public byte[] KeyAt(Digest path)
    {
        var at = Array.BinarySearch(_paths, path);
        Invariant.Holds(at >= 0, "the state has every leaf of its tree");
        return _places[at].Key;
    }

    /// <summary>
    /// The subtrees that each become a chunk, in the order of paths: a large one is cut into its children.
    /// </summary>
    public List<(Digest Path, int Nibbles)> Parts()
    {
        List<(Digest, int)> parts = [];
        Cut(default, 0, 0, _paths.Length, parts);
        return parts;
    }

    private void Cut(Digest prefix, int nibbles, int from, int to, List<(Digest, int)> parts)
    {
        if (to - from < 2 || _bytesBefore[to] - _bytesBefore[from] <= SnapshotLimits.StateChunkBytes)
        {
            parts.Add((prefix, nibbles));
            return;
        }

        for (var nibble = 0; nibble < 16; nibble++)
        {
            var end = from;
            while (end < to && _paths[end].NibbleAt(nibbles) == nibble)
            {
                end++;
            }

            Cut(prefix.WithNibble(nibbles, nibble), nibbles + 1, from, end, parts);
            from = end;
        }
    }

    private readonly record struct Place(byte[] Key, int Bytes);
}
