using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <param name="Fault">The first one, from the lowest height up; null when all is as it must be.</param>
/// <param name="Start">Where execution began; null when there is no head.</param>
/// <param name="Blocks">The last height that was checked.</param>
/// <param name="Transactions">How many were executed.</param>
/// <param name="Head">The last block, when there is no fault; null also where there is only the
/// genesis.</param>
internal sealed record AuditResult(
    AuditFault? Fault, AuditStart? Start, ulong Blocks, long Transactions, BlockHeader? Head);

/// <summary>
/// Checks a whole data folder with the genesis alone. Records that lie apart from their block, as indexes and
/// history do, are first compared as sets, in the order in which they lie on the disk; where anything at all
/// is wrong, all is done again and each record looked up by itself, to name the first one.
/// </summary>
internal static class LedgerAudit
{
    /// <param name="snapshot">A snapshot file to execute from; null to take the folder's own where one is
    /// needed.</param>
    public static async Task<AuditResult> RunAsync(
        LedgerArchive archive, Genesis genesis, string? snapshot, Action<ulong, ulong> progress,
        CancellationToken cancellationToken)
    {
        if (archive.ReadHead() is not { } head)
        {
            return new(AuditFault.Of(0, RecordFamily.Meta, "head"u8, null, "it is missing or torn"), null, 0,
                0, null);
        }

        var start = AuditStart.Of(archive, head, genesis, snapshot);
        var result = await new AuditPass(archive, genesis, start, head, isExact: false, progress)
            .RunAsync(cancellationToken);
        if (result.Fault is null)
        {
            return result;
        }

        var exact = await new AuditPass(archive, genesis, start, head, isExact: true, progress)
            .RunAsync(cancellationToken);
        return exact.Fault is null ? result : exact;
    }
}
