using System.Buffers.Binary;
using Ledger.Core;

namespace Ledger.Storage;

/// <summary>Where a transaction is: the value behind its hash.</summary>
internal static class TransactionPlace
{
    private const int Bytes = Keys.HeightBytes + sizeof(int);

    public static byte[] Encode(Height height, int index)
    {
        var value = new byte[Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(value, height.Value);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(Keys.HeightBytes), index);
        return value;
    }

    public static (Height Height, int Index)? Decode(ReadOnlySpan<byte> value)
        => value.Length == Bytes
            ? (Keys.ReadHeight(value), BinaryPrimitives.ReadInt32BigEndian(value[Keys.HeightBytes..]))
            : null;
}

/// <summary>
/// One version of a state entry: a mark that tells a removed key from one with an empty entry.
/// </summary>
internal static class HistoryValue
{
    private const byte Removed = 0;
    private const byte Written = 1;

    public static byte[] Encode(byte[]? entry) => entry is null ? [Removed] : [Written, .. entry];

    public static byte[]? Decode(ReadOnlySpan<byte> value)
        => value[0] == Removed ? null : value[1..].ToArray();
}
