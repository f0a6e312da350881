namespace Ledger.Cli.Doctor.Rules;

/// <summary>Every vote waits for a synced write: a slow disk makes a slow validator.</summary>
internal sealed class SlowDisk : IRule
{
    private const double SlowMeanMs = 50;
    private const double SlowOnceMs = 1000;

    public IEnumerable<Finding> Judge(Facts facts) => facts.Members
        .Where(visit => visit.Vitals is { } vitals
            && (vitals.JournalSyncMs > SlowMeanMs || vitals.JournalSyncMaxMs > SlowOnceMs))
        .Select(visit => new Finding(
            "disk_slow", Severity.Degraded, [visit.Name],
            $"{visit.Name}'s disk is slow: a synced write of its journal takes "
                + $"{visit.Vitals!.JournalSyncMs:0} ms, up to {visit.Vitals.JournalSyncMaxMs:0} ms",
            "look at what else uses that disk (iostat -x), at its health, and whether the data folder is "
                + "on network storage; a validator wants a local SSD that syncs within a few milliseconds"));
}
