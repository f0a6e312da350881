using System.Globalization;
using Ledger.Node.Api;

namespace Ledger.Cli.Devnet;

/// <summary>
/// What one validator said at one moment: its status, and from its metrics the count of transactions.
/// </summary>
internal sealed record ValidatorSample(StatusReply Status, ulong Transactions)
{
    private const string Committed = "ledger_transactions_committed_total";

    public bool IsReady => Status.State == "ready";

    /// <summary>It was removed from the validators: nobody waits for it.</summary>
    public bool WasRemoved => Status.State == "removed";

    /// <summary>Null where there is no block yet, and of a witness, which has none.</summary>
    public TimeSpan? BlockAge => Status.LastBlockTime == 0 || Status.Height == 0
        ? null
        : TimeSpan.FromMilliseconds(Math.Max(0, Status.Clock - Status.LastBlockTime));

    /// <summary>Adds up one counter over its labels, in the Prometheus text format.</summary>
    public static ulong TransactionsIn(string metrics)
    {
        var sum = 0.0;
        foreach (var line in metrics.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Committed, StringComparison.Ordinal)
                && double.TryParse(
                    line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture, out var value))
            {
                sum += value;
            }
        }

        return (ulong)sum;
    }
}
