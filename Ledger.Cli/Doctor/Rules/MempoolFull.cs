namespace Ledger.Cli.Doctor.Rules;

/// <summary>A mempool with no room turns clients away.</summary>
internal sealed class MempoolFull : IRule
{
    private const double Full = 0.9;

    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var visit in facts.Answers)
        {
            if (visit is not { Status: { } status, Vitals: { } vitals }
                || (status.MempoolTransactions < Full * vitals.MempoolMaxTransactions
                    && status.MempoolBytes < Full * vitals.MempoolMaxBytes))
            {
                continue;
            }

            yield return new(
                "mempool_full", Severity.Degraded, [visit.Name],
                $"{visit.Name}'s mempool is full: {status.MempoolTransactions} of "
                    + $"{vitals.MempoolMaxTransactions} transactions, {status.MempoolBytes / 1024} of "
                    + $"{vitals.MempoolMaxBytes / 1024} KiB; clients are told to come again (429)",
                "if the network halts, mend that first; if it advances, clients send more than it carries: "
                    + "have them slow down, or raise consensus.maxBlockTransactions or "
                    + "mempool.maxTransactions");
        }
    }
}
