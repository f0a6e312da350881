using System.Buffers;
using System.Text;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// The fields that encodings are made of, each with its limit checked before anything is allocated.
/// </summary>
public static class Fields
{
    public static void WriteDigest(ref MessagePackWriter writer, Digest digest)
    {
        writer.WriteBinHeader(Digest.Size);
        digest.CopyTo(writer.GetSpan(Digest.Size));
        writer.Advance(Digest.Size);
    }

    public static void WriteKey(ref MessagePackWriter writer, PublicKey key)
    {
        writer.WriteBinHeader(PublicKey.Size);
        key.CopyTo(writer.GetSpan(PublicKey.Size));
        writer.Advance(PublicKey.Size);
    }

    public static void WriteSignature(ref MessagePackWriter writer, Signature signature)
    {
        writer.WriteBinHeader(Signature.Size);
        signature.CopyTo(writer.GetSpan(Signature.Size));
        writer.Advance(Signature.Size);
    }

    public static Digest ReadDigest(ref MessagePackReader reader)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        ReadExactly(ref reader, bytes, "digest");
        return new(bytes);
    }

    public static PublicKey ReadKey(ref MessagePackReader reader)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        ReadExactly(ref reader, bytes, "public key");
        return new(bytes);
    }

    public static Signature ReadSignature(ref MessagePackReader reader)
    {
        Span<byte> bytes = stackalloc byte[Signature.Size];
        ReadExactly(ref reader, bytes, "signature");
        return new(bytes);
    }

    public static View ReadView(ref MessagePackReader reader) => new(reader.ReadUInt64());

    public static Height ReadHeight(ref MessagePackReader reader) => new(reader.ReadUInt64());

    public static ValidatorIndex ReadValidator(ref MessagePackReader reader) => new(reader.ReadUInt16());

    /// <summary>An array header that must say exactly <paramref name="count"/>.</summary>
    public static void ReadFixedArray(ref MessagePackReader reader, int count, string what)
    {
        if (reader.ReadArrayHeader() != count)
        {
            throw new MalformedException($"{what} must have {count} fields");
        }
    }

    /// <summary>An array header of at most <paramref name="limit"/> items.</summary>
    public static int ReadCount(ref MessagePackReader reader, int limit, string what)
    {
        var count = reader.ReadArrayHeader();
        return count <= limit ? count : throw new MalformedException($"more than {limit} {what}");
    }

    /// <summary>A UTF-8 string of at most <paramref name="limitBytes"/> bytes.</summary>
    public static string ReadText(ref MessagePackReader reader, int limitBytes, string what)
    {
        var utf8 = reader.ReadStringSequence() ?? throw new MalformedException($"{what} is missing");
        return utf8.Length <= limitBytes
            ? Encoding.UTF8.GetString(utf8)
            : throw new MalformedException($"{what} is longer than {limitBytes} bytes");
    }

    /// <summary>A byte string of at most <paramref name="limitBytes"/> bytes.</summary>
    public static byte[] ReadBytes(ref MessagePackReader reader, int limitBytes, string what)
    {
        var bytes = reader.ReadBytes() ?? throw new MalformedException($"{what} is missing");
        return bytes.Length <= limitBytes
            ? bytes.ToArray()
            : throw new MalformedException($"{what} is longer than {limitBytes} bytes");
    }

    /// <summary>
    /// The same without a copy: they keep all of what is being read in memory for as long as they live.
    /// </summary>
    public static ReadOnlyMemory<byte> SliceBytes(ref MessagePackReader reader, int limitBytes, string what)
    {
        var bytes = reader.ReadBytes() ?? throw new MalformedException($"{what} is missing");
        return bytes.Length > limitBytes
            ? throw new MalformedException($"{what} is longer than {limitBytes} bytes")
            : bytes.IsSingleSegment ? bytes.First
            : bytes.ToArray();
    }

    private static void ReadExactly(ref MessagePackReader reader, scoped Span<byte> target, string what)
    {
        var bytes = reader.ReadBytes() ?? throw new MalformedException($"{what} is missing");
        if (bytes.Length != target.Length)
        {
            throw new MalformedException($"{what} must have {target.Length} bytes");
        }

        bytes.CopyTo(target);
    }
}
