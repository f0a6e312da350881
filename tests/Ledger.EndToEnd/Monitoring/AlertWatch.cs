using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Monitoring;

/// <summary>
/// The system's Prometheus beside a test network, under the rules and alerts that ship with the ledger. It
/// scrapes each second, and evaluates as often; only the waiting that comes before somebody is woken is not
/// waited for.
/// </summary>
internal sealed class AlertWatch : IDisposable
{
    public const string WhyNot = Prometheus.WhyNot;

    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-e2e-alerts-").FullName;
    private readonly LedgerProcess _process;
    private readonly Prometheus _prometheus;

    private AlertWatch(IReadOnlyList<TestNode> nodes)
    {
        foreach (var rules in (string[])["rules.yml", "alerts.yml"])
        {
            File.Copy(Path.Combine(MonitoringFiles.PrometheusFolder, rules), Path.Combine(_folder, rules));
        }

        var config = Path.Combine(_folder, "prometheus.yml");
        File.WriteAllText(config, $"""
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files: [rules.yml, alerts.yml]
            scrape_configs:
              - job_name: ledger
                static_configs:
                  - targets: [{string.Join(", ", nodes.Select(node => $"'{node.HttpUrl.Authority}'"))}]
            """);
        var address = $"127.0.0.1:{Ports.FreeBlock(1)}";
        _process = LedgerProcess.StartOther(
            Prometheus.Program, $"--config.file={config}",
            $"--storage.tsdb.path={Path.Combine(_folder, "data")}",
            $"--web.listen-address={address}");
        _prometheus = new(new($"http://{address}/"));
    }

    /// <summary>
    /// It first looks five seconds from now, so a test starts it before its network. Null where Prometheus is
    /// not installed.
    /// </summary>
    public static AlertWatch? Start(IReadOnlyList<TestNode> nodes)
        => Prometheus.IsInstalled ? new(nodes) : null;

    /// <summary>
    /// True is pending as well: what an alert waits before it wakes somebody is in its unit tests.
    /// </summary>
    public Task IsTrueAsync(string alert)
        => Eventually.HoldsAsync(
            $"{alert} is true", async () => TrueOf(await _prometheus.RulesAsync()).Contains(alert));

    public Task IsNoLongerTrueAsync(string alert)
        => Eventually.HoldsAsync(
            $"{alert} is no longer true", async () => !(await TrueAsync()).Contains(alert));

    /// <summary>All that are true once every rule has been evaluated.</summary>
    public async Task<IReadOnlyList<string>> TrueAsync()
    {
        IReadOnlyList<(string Name, bool IsAlert, string Health, string State)> rules = [];
        await Eventually.HoldsAsync("Prometheus evaluates every rule", async () =>
        {
            rules = await _prometheus.RulesAsync();
            return rules.Count > 0 && rules.All(rule => rule.Health == "ok");
        });
        return [.. TrueOf(rules)];
    }

    public void Dispose()
    {
        _prometheus.Dispose();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static IEnumerable<string> TrueOf(
        IEnumerable<(string Name, bool IsAlert, string Health, string State)> rules)
        => rules.Where(rule => rule.State is "pending" or "firing").Select(rule => rule.Name);
}
