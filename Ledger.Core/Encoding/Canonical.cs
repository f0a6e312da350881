using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>Writes one value in its only encoding.</summary>
public delegate void CanonicalWriter<in T>(ref MessagePackWriter writer, T value);

/// <summary>
/// Reads one value; throws <see cref="MalformedException"/> or MessagePack's own on bad input.
/// </summary>
public delegate T CanonicalReader<out T>(ref MessagePackReader reader);

/// <summary>
/// One value, one encoding. MessagePack's reader accepts longer forms of the same value, so whatever was
/// decoded is encoded again and compared: two encodings of one value would be two hashes of one value.
/// </summary>
public static class Canonical
{
    public static byte[] Encode<T>(T value, CanonicalWriter<T> write)
    {
        using PooledBuffer buffer = new();
        WriteTo(buffer, value, write);
        return buffer.Written.ToArray();
    }

    /// <summary>The RFC 6962 leaf of a value: the hash of its encoding.</summary>
    public static Digest LeafHash<T>(T value, CanonicalWriter<T> write)
    {
        using PooledBuffer buffer = new();
        WriteTo(buffer, value, write);
        return MerkleTree.LeafHash(buffer.Written);
    }

    /// <summary>Decodes all of <paramref name="encoded"/>, or says in words what is wrong with it.</summary>
    /// <returns>False on malformed, non-canonical or trailing bytes; never throws on bad input.</returns>
    public static bool TryDecode<T>(
        ReadOnlyMemory<byte> encoded,
        CanonicalReader<T> read,
        CanonicalWriter<T> write,
        [MaybeNullWhen(false)] out T value,
        [NotNullWhen(false)] out string? fault)
    {
        if (!TryRead(encoded, read, out value, out fault))
        {
            return false;
        }

        using PooledBuffer again = new();
        WriteTo(again, value, write);
        if (!again.Written.SequenceEqual(encoded.Span))
        {
            value = default;
            fault = "not the canonical encoding of its value";
            return false;
        }

        return true;
    }

    /// <summary>Like <see cref="TryDecode"/> where the parts were already checked to be canonical.</summary>
    public static bool TryRead<T>(
        ReadOnlyMemory<byte> encoded,
        CanonicalReader<T> read,
        [MaybeNullWhen(false)] out T value,
        [NotNullWhen(false)] out string? fault)
    {
        try
        {
            var reader = new MessagePackReader(encoded);
            value = read(ref reader);
            fault = reader.End ? null : "bytes follow the value";
        }
        catch (MalformedException malformed)
        {
            value = default;
            fault = malformed.Message;
        }
        catch (Exception exception) when (exception is MessagePackSerializationException
            or EndOfStreamException or OverflowException or InvalidOperationException)
        {
            value = default;
            fault = "not MessagePack of the expected shape";
        }

        return fault is null;
    }

    private static void WriteTo<T>(PooledBuffer buffer, T value, CanonicalWriter<T> write)
    {
        var writer = new MessagePackWriter(buffer);
        write(ref writer, value);
        writer.Flush();
    }
}

/// <summary>Input that does not have the form it must have; its message names the part.</summary>
public sealed class MalformedException(string what) : Exception(what);
