using System.Buffers.Binary;

namespace Ledger.Cli.Tests.Audit;

/// <summary>What a test does to the records of a data folder.</summary>
internal static class Harm
{
    public static bool IsHeight(byte[] key, ulong height)
        => key.Length == sizeof(ulong) && BinaryPrimitives.ReadUInt64BigEndian(key) == height;

    public static byte[] Flip(byte[] value, int at)
    {
        byte[] flipped = [.. value];
        flipped[at] ^= 0x10;
        return flipped;
    }
}
