using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <param name="Common">The last height up to which both hold the same.</param>
/// <param name="Parting">Where they first differ; null when one goes on from where the other ends.</param>
internal sealed record Comparison(ulong Common, ulong HeadOfFirst, ulong HeadOfSecond, AuditFault? Parting);

/// <summary>
/// Tells where two data folders of one chain part. Certificates may differ, since any quorum's will do;
/// headers, blocks and outcomes may not.
/// </summary>
internal static class ArchiveComparison
{
    private static readonly RecordFamily[] Compared =
        [RecordFamily.Headers, RecordFamily.Blocks, RecordFamily.Receipts];

    public static Comparison Run(LedgerArchive first, LedgerArchive second, Action<ulong, ulong> progress)
    {
        var heads = (First: HeadOf(first), Second: HeadOf(second));
        var last = Math.Min(heads.First, heads.Second);
        for (ulong height = 0; height <= last; height++)
        {
            var key = LedgerRecord.KeyOf(new(height));
            foreach (var family in Compared)
            {
                if (PartingAt(first, second, height, family, key) is { } parting)
                {
                    return new(height == 0 ? 0 : height - 1, heads.First, heads.Second, parting);
                }
            }

            progress(height, last);
        }

        return new(last, heads.First, heads.Second, null);
    }

    private static AuditFault? PartingAt(
        LedgerArchive first, LedgerArchive second, ulong height, RecordFamily family, byte[] key)
    {
        var (inFirst, inSecond) = (first.Read(family, key), second.Read(family, key));
        if (inFirst is null)
        {
            return AuditFault.Of(height, family, key, null, "it is missing in the first folder");
        }

        return AuditFault.Difference(height, new(family, key, inFirst), inSecond) is { } difference
            ? difference with
            {
                What = inSecond is null
                    ? "it is missing in the second folder" : "the second folder has another than the first",
            }
            : null;
    }

    private static ulong HeadOf(LedgerArchive archive)
        => archive.ReadHead()?.Value
            ?? throw new DamagedDataException(
                $"The data folder {archive.Root} has no head; audit it with 'ledger verify ledger'");
}
