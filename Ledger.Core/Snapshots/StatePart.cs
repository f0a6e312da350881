using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// One chunk of a snapshot, as the manifest names it: what tells whether a file or a peer gave what it said.
/// </summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">SHA-256 of its bytes.</param>
public readonly record struct ChunkId(int Bytes, Digest Hash)
{
    public static ChunkId Of(ReadOnlySpan<byte> chunk) => new(chunk.Length, Sha256.Hash(chunk));

    internal static void Write(ref MessagePackWriter writer, ChunkId id)
    {
        writer.Write(id.Bytes);
        Fields.WriteDigest(ref writer, id.Hash);
    }

    internal static ChunkId Read(ref MessagePackReader reader)
    {
        var bytes = reader.ReadInt32();
        return bytes is > 0 and <= SnapshotLimits.ChunkBytesMax
            ? new(bytes, Fields.ReadDigest(ref reader))
            : throw new MalformedException($"a chunk has 1 to {SnapshotLimits.ChunkBytesMax} bytes");
    }
}

/// <summary>A subtree of the state tree: all keys whose paths begin with these nibbles.</summary>
/// <param name="Path">The nibbles, then zeros.</param>
/// <param name="Nibbles">How many of them count.</param>
/// <param name="Chunk">The chunk that holds those keys.</param>
public sealed record StatePart(Digest Path, int Nibbles, ChunkId Chunk)
{
    public const int NibblesMax = 2 * Digest.Size;

    public bool Holds(Digest path)
    {
        for (var i = 0; i < Nibbles; i++)
        {
            if (path.NibbleAt(i) != Path.NibbleAt(i))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether parts, in this order, cover every path once.</summary>
    public static bool AreWhole(IReadOnlyList<StatePart> parts)
    {
        var next = 0;
        return IsCovered(parts, default, 0, ref next) && next == parts.Count;
    }

    /// <summary>A subtree is one part, or its sixteen children are covered one after the other.</summary>
    private static bool IsCovered(IReadOnlyList<StatePart> parts, Digest prefix, int nibbles, ref int next)
    {
        if (next == parts.Count || nibbles > NibblesMax)
        {
            return false;
        }

        if (parts[next].Nibbles == nibbles)
        {
            return parts[next++].Path == prefix;
        }

        if (nibbles == NibblesMax || parts[next].Nibbles < nibbles)
        {
            return false;
        }

        for (var nibble = 0; nibble < 16; nibble++)
        {
            if (!IsCovered(parts, prefix.WithNibble(nibbles, nibble), nibbles + 1, ref next))
            {
                return false;
            }
        }

        return true;
    }

    internal static void Write(ref MessagePackWriter writer, StatePart part)
    {
        writer.WriteArrayHeader(4);
        writer.Write(part.Nibbles);
        writer.Write(part.Path.ToArray().AsSpan(0, (part.Nibbles + 1) / 2));
        ChunkId.Write(ref writer, part.Chunk);
    }

    internal static StatePart Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "a part of the state");
        var nibbles = reader.ReadByte();
        if (nibbles > NibblesMax)
        {
            throw new MalformedException($"a path has at most {NibblesMax} nibbles");
        }

        var bytes = Fields.ReadBytes(ref reader, Digest.Size, "path");
        if (bytes.Length != (nibbles + 1) / 2 || (nibbles % 2 == 1 && (bytes[^1] & 0x0f) != 0))
        {
            throw new MalformedException("a path has just the bytes that its nibbles take");
        }

        Span<byte> path = stackalloc byte[Digest.Size];
        path.Clear();
        bytes.CopyTo(path);
        return new(new(path), nibbles, ChunkId.Read(ref reader));
    }
}
