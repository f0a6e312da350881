using System.Buffers.Binary;
using System.Numerics;

namespace Ledger.Storage;

/// <summary>
/// How one record lies in the journal: CRC-32C over its sequence number and bytes, then the bytes. The number
/// is covered so that a good record in the wrong place is as bad as a torn one.
/// </summary>
internal static class JournalEntry
{
    private const int ChecksumBytes = sizeof(uint);

    public static byte[] Seal(ulong sequence, ReadOnlySpan<byte> record)
    {
        var entry = new byte[ChecksumBytes + record.Length];
        BinaryPrimitives.WriteUInt32BigEndian(entry, ChecksumOf(sequence, record));
        record.CopyTo(entry.AsSpan(ChecksumBytes));
        return entry;
    }

    /// <summary>The record's bytes, or null when they are not what was sealed under this number.</summary>
    public static byte[]? Open(ulong sequence, ReadOnlySpan<byte> entry)
    {
        if (entry.Length < ChecksumBytes)
        {
            return null;
        }

        var record = entry[ChecksumBytes..];
        var sealedWith = BinaryPrimitives.ReadUInt32BigEndian(entry);
        return sealedWith == ChecksumOf(sequence, record) ? record.ToArray() : null;
    }

    private static uint ChecksumOf(ulong sequence, ReadOnlySpan<byte> record)
    {
        var checksum = BitOperations.Crc32C(uint.MaxValue, sequence);
        while (record.Length >= sizeof(ulong))
        {
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(record));
            record = record[sizeof(ulong)..];
        }

        foreach (var rest in record)
        {
            checksum = BitOperations.Crc32C(checksum, rest);
        }

        return ~checksum;
    }
}
