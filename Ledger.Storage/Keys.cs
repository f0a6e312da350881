using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// The keys of the column families; numbers are big-endian so that byte order is their order.
/// </summary>
internal static class Keys
{
    public const int HeightBytes = sizeof(ulong);

    private const int LengthBytes = sizeof(ushort);

    /// <summary>
    /// Above every key of ours in any family: what an iteration that ran to the end must meet.
    /// </summary>
    public static readonly byte[] End = [0xff, 0xff, 0xff, 0xff];

    public static byte[] Of(Height height)
    {
        var key = new byte[HeightBytes];
        BinaryPrimitives.WriteUInt64BigEndian(key, height.Value);
        return key;
    }

    public static byte[] Of(Digest digest)
    {
        var key = new byte[Digest.Size];
        digest.CopyTo(key);
        return key;
    }

    public static Height ReadHeight(ReadOnlySpan<byte> bytes)
        => new(BinaryPrimitives.ReadUInt64BigEndian(bytes));

    /// <summary>
    /// All versions of one state key begin like this. Its length stands first, since one state key may begin
    /// like another.
    /// </summary>
    public static byte[] HistoryPrefix(ReadOnlySpan<byte> stateKey)
    {
        var prefix = new byte[LengthBytes + stateKey.Length];
        BinaryPrimitives.WriteUInt16BigEndian(prefix, checked((ushort)stateKey.Length));
        stateKey.CopyTo(prefix.AsSpan(LengthBytes));
        return prefix;
    }

    /// <summary>The height is inverted: the newest version comes first.</summary>
    public static byte[] History(ReadOnlySpan<byte> stateKey, Height height)
        => [.. HistoryPrefix(stateKey), .. Of(new Height(~height.Value))];

    public static Height HeightOfHistory(ReadOnlySpan<byte> key)
        => new(~ReadHeight(key[^HeightBytes..]).Value);
}
