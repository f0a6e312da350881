using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// All entries of one subtree of the state, with the proof that none is missing, added or changed: a chunk
/// that needs nothing but the certified state root to be believed.
/// </summary>
/// <param name="Siblings">The hashes beside the way to the subtree, from the state root down.</param>
/// <param name="Entries">By ascending path. Where the subtree ends above the part, a lone entry beside
/// it.</param>
public sealed record StateChunk(
    IReadOnlyList<Digest> Siblings, IReadOnlyList<(byte[] Key, byte[] Value)> Entries)
{
    /// <summary>No value of the state is longer when encoded: a value and what stands around it.</summary>
    private const int EntryBytes = Limits.ValueBytes + 64;

    private const int StateKeyBytes = 1024;

    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out StateChunk chunk,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(bytes, Read, Write, out chunk, out fault);

    /// <returns>Why this is not the whole part of the state with this root, or null when it is.</returns>
    public string? FaultIn(StatePart part, Digest stateRoot) => FaultIn(part, stateRoot, out _);

    /// <summary>Where the fault is null, each entry's leaf in the state tree too.</summary>
    public string? FaultIn(
        StatePart part, Digest stateRoot, out IReadOnlyList<(Digest Path, Digest Value)> leaves)
    {
        var found = new (Digest Path, Digest Value)[Entries.Count];
        leaves = found;
        for (var i = 0; i < found.Length; i++)
        {
            var (key, value) = Entries[i];
            if (!StateKey.IsStateKey(key))
            {
                return $"entry {i} has no key of the state";
            }

            found[i] = (StateKey.PathOf(key), StateKey.ValueDigest(value));
        }

        return new StateRangeProof(Siblings, found).Verify(stateRoot, part.Path, 4 * part.Nibbles)
            ? null
            : "its entries do not hash to the certified state root: one is missing, added or changed";
    }

    private static void Write(ref MessagePackWriter writer, StateChunk chunk)
    {
        writer.WriteArrayHeader(2);
        writer.WriteArrayHeader(chunk.Siblings.Count);
        foreach (var sibling in chunk.Siblings)
        {
            Fields.WriteDigest(ref writer, sibling);
        }

        writer.WriteArrayHeader(2 * chunk.Entries.Count);
        foreach (var (key, value) in chunk.Entries)
        {
            writer.Write(key);
            writer.Write(value);
        }
    }

    private static StateChunk Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 2, "a chunk of state");
        var siblings = new Digest[Fields.ReadCount(ref reader, 8 * Digest.Size, "siblings")];
        for (var i = 0; i < siblings.Length; i++)
        {
            siblings[i] = Fields.ReadDigest(ref reader);
        }

        var count = Fields.ReadCount(ref reader, SnapshotLimits.ChunkBytesMax, "entries");
        if (count % 2 != 0)
        {
            throw new MalformedException("each entry has a key and a value");
        }

        List<(byte[], byte[])> entries = [];
        for (var i = 0; i < count; i += 2)
        {
            entries.Add((
                Fields.ReadBytes(ref reader, StateKeyBytes, "key"), Fields.ReadBytes(
                    ref reader, EntryBytes, "value")));
        }

        return new(siblings, entries);
    }
}
