using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>The first thing in a data folder that is not as it must be.</summary>
/// <param name="Height">The block that it belongs to.</param>
/// <param name="Family">Which kind of record.</param>
/// <param name="Record">The record, for a person.</param>
/// <param name="FirstByte">Where in the record's value the fault begins; null when the record is missing or
/// out of place.</param>
/// <param name="EndByte">One behind its last byte.</param>
/// <param name="What">What is wrong.</param>
internal sealed record AuditFault(
    ulong Height, RecordFamily Family, string Record, int? FirstByte, int? EndByte, string What)
{
    public static AuditFault Of(
        ulong height, RecordFamily family, ReadOnlySpan<byte> key, Range? bytes, string what)
        => new(
            height, family, LedgerRecord.Describe(family, key), bytes?.Start.Value, bytes?.End.Value, what);

    /// <summary>Compares what a record must be with what it is; null when they are the same.</summary>
    public static AuditFault? Difference(ulong height, in LedgerRecord expected, byte[]? found)
    {
        if (found is null)
        {
            return Of(height, expected.Family, expected.Key, null, "it is missing");
        }

        return found.AsSpan().SequenceEqual(expected.Value)
            ? null
            : Of(height, expected.Family, expected.Key, RangeOf(expected.Value, found),
                "it is not what execution gives");
    }

    public override string ToString()
        => $"height {Height}: {Record}{(FirstByte is null ? "" : $", bytes {FirstByte} to {EndByte}")}: "
        + $"{What}";

    /// <summary>From the first byte that differs to the last one.</summary>
    private static Range RangeOf(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        var same = expected.CommonPrefixLength(found);
        if (expected.Length != found.Length)
        {
            return same..found.Length;
        }

        var end = found.Length;
        while (end > same && expected[end - 1] == found[end - 1])
        {
            end--;
        }

        return same..end;
    }
}
