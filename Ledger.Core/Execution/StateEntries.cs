using System.Buffers.Binary;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>The value at a key of a namespace.</summary>
/// <param name="Value">What was put.</param>
/// <param name="Version">The height of the block that put it: it grows for ever, so a deleted key cannot fool
/// a compare-and-set when it comes back.</param>
public sealed record KeyEntry(ReadOnlyMemory<byte> Value, ulong Version)
{
    public byte[] Encode() => Canonical.Encode(this, static (ref MessagePackWriter writer, KeyEntry entry) =>
    {
        writer.WriteArrayHeader(2);
        writer.Write(entry.Value.Span);
        writer.Write(entry.Version);
    });

    /// <summary>
    /// Reads what <see cref="Encode"/> wrote; the state is ours, so a fault is a broken invariant.
    /// </summary>
    public static KeyEntry Decode(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        Fields.ReadFixedArray(ref reader, 2, "a state entry");
        return new(Fields.ReadBytes(ref reader, Limits.ValueBytes, "value"), reader.ReadUInt64());
    }
}

/// <summary>An asset: who may issue it, how people write it, how much of it there is.</summary>
public sealed record AssetEntry(PublicKey Issuer, byte Decimals, ulong Supply)
{
    public byte[] Encode()
        => Canonical.Encode(this, static (ref MessagePackWriter writer, AssetEntry entry) =>
    {
        writer.WriteArrayHeader(3);
        Fields.WriteKey(ref writer, entry.Issuer);
        writer.Write(entry.Decimals);
        writer.Write(entry.Supply);
    });

    public static AssetEntry Decode(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        Fields.ReadFixedArray(ref reader, 3, "an asset");
        return new(Fields.ReadKey(ref reader), reader.ReadByte(), reader.ReadUInt64());
    }
}

/// <summary>Counts and balances: eight bytes, big-endian.</summary>
public static class Number
{
    public static byte[] Encode(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    public static ulong Decode(byte[]? bytes)
        => bytes is null ? 0 : BinaryPrimitives.ReadUInt64BigEndian(bytes);
}
