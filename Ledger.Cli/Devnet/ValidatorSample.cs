using System.Globalization;

namespace Ledger.Cli.Devnet;

/// <summary>What one validator's metrics said at one moment; null in place of one that did not answer.</summary>
internal sealed record ValidatorSample(
    bool IsReady, ulong Height, ulong Transactions, ulong ViewOrTerm, bool IsLeader, int Peers, int Mempool)
{
    /// <summary>Reads the Prometheus text format, as far as the ledger uses it.</summary>
    public static ValidatorSample Parse(string metrics, bool isReady)
    {
        Dictionary<string, double> sums = [];
        foreach (var line in metrics.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            var valueAt = line.LastIndexOf(' ');
            var nameEnd = line.IndexOfAny('{', ' ');
            if (valueAt > 0 && double.TryParse(line[(valueAt + 1)..], CultureInfo.InvariantCulture, out var value))
            {
                var name = line[..nameEnd].ToString();
                sums[name] = sums.GetValueOrDefault(name) + value;
            }
        }

        return new(
            isReady,
            (ulong)Read("ledger_block_height"),
            (ulong)Read("ledger_transactions_committed_total"),
            (ulong)Math.Max(Read("ledger_consensus_view"), Read("ledger_consensus_term")),
            Read("ledger_consensus_is_leader") > 0,
            (int)Read("ledger_peers_connected"),
            (int)Read("ledger_mempool_transactions"));

        double Read(string name) => sums.GetValueOrDefault(name);
    }
}
