namespace Ledger.Cli.Doctor.Rules;

/// <summary>A node whose disk is full ends, rather than lose what it promised.</summary>
internal sealed class DiskFull : IRule
{
    private const double Scarce = 0.05;
    private const long Plenty = 10L << 30;
    private const long Least = 16L << 20;

    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var visit in facts.Visits)
        {
            if (visit.Vitals is { } vitals && IsScarce(vitals.DiskFreeBytes, vitals.DiskTotalBytes))
            {
                yield return Of(
                    visit.Name, vitals.DiskFreeBytes, "it ends, and starts no more, when it cannot write");
            }
            else if (visit is { Status: null, Local: { Runs: false, DiskFreeBytes: < Least } local })
            {
                yield return Of(visit.Name, local.DiskFreeBytes, "it is down, most likely for that");
            }
        }
    }

    private static bool IsScarce(long free, long total)
        => free == 0 || (free < Scarce * total && free < Plenty);

    private static Finding Of(string name, long free, string then) => new(
        "disk_full", Severity.Degraded, [name],
        $"{name}'s disk is full: {free >> 20} MiB left for its data; {then}",
        "make room on that disk or enlarge it, then start the node if it has ended; never delete from its "
        + "data folder");
}
