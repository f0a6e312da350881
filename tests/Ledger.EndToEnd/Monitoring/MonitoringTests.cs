using Ledger.Core;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Monitoring;

public sealed class MonitoringTests
{
    /// <summary>
    /// What scripts and dashboards of users rely on: renaming one breaks them. In each mode, its own word.
    /// </summary>
    private static readonly string[] Promised =
    [
        "ledger_block_height gauge", "ledger_blocks_committed_total counter",
        "ledger_transactions_committed_total counter result",
        "ledger_transactions_rejected_total counter reason",
        "ledger_mempool_transactions gauge", "ledger_mempool_bytes gauge", "ledger_consensus_is_leader gauge",
        "ledger_view_changes_total counter reason", "ledger_consensus_phase_seconds histogram phase",
        "ledger_transaction_finality_seconds histogram", "ledger_block_transactions histogram",
        "ledger_peers_connected gauge", "ledger_peer_bytes_total counter direction",
        "ledger_peer_messages_dropped_total counter", "ledger_evidence_total counter",
        "ledger_signature_verifications_total counter", "ledger_journal_sync_seconds histogram",
        "ledger_storage_bytes gauge column_family", "ledger_sync_lag_blocks gauge",
        "ledger_build_info gauge version",
        "ledger_build_info gauge mode",
    ];

    [Fact]
    public void Every_alert_has_a_runbook_that_it_names()
    {
        var page = MonitoringFiles.Page("operations.md").Split('\n');
        foreach (var alert in MonitoringFiles.Alerts)
        {
            Assert.Contains($"### {alert}", page);
            Assert.Contains(
                $"runbook: docs/operations.md#{alert.ToLowerInvariant()}\n", MonitoringFiles.RuleText(
                    "alerts.yml"),
                StringComparison.Ordinal);
        }

        Assert.Equal(
            page.Where(line => line.StartsWith("### Ledger", StringComparison.Ordinal)).Order(),
            MonitoringFiles.Alerts.Select(alert => $"### {alert}").Order());
    }

    [Fact]
    public void Every_alert_is_tested_to_fire()
    {
        var tests = MonitoringFiles.RuleText("tests.yml");
        Assert.All(
            MonitoringFiles.Alerts, alert => Assert.Contains(
                $"alertname: {alert}\n", tests, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_metric_that_is_used_is_described()
    {
        var page = MonitoringFiles.Page("metrics.md");
        var used = MonitoringFiles.MetricsUsed();

        Assert.Contains("ledger_block_height", used);
        Assert.All(used, metric => Assert.Contains($"`{metric}`", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ConsensusMode.Pbft, "ledger_consensus_view", "ledger_consensus_term")]
    [InlineData(ConsensusMode.Raft, "ledger_consensus_term", "ledger_consensus_view")]
    public async Task Every_metric_that_is_promised_is_there_by_its_name_type_and_label(
        ConsensusMode mode, string position, string others)
    {
        using var network = TestNetwork.Create(3, mode);
        await network.StartAllAsync();
        await TestClient.FinalAsync(network.Nodes[0], new TestClient(network).Put("measured", "yes"));

        // In Raft only the leader times the phases.
        var metrics = string.Concat(await Task.WhenAll(network.Nodes.Select(node => node.MetricsAsync())));
        foreach (var words in Promised.Append($"{position} gauge").Select(promise => promise.Split(' ')))
        {
            Assert.Contains($"# TYPE {words[0]} {words[1]}\n", metrics, StringComparison.Ordinal);
            if (words is [var name, _, var label])
            {
                Assert.Matches($@"(?m)^{name}(_bucket)?\{{[^}}]*\b{label}=""", metrics);
            }
        }

        Assert.DoesNotContain(others, metrics, StringComparison.Ordinal);
        Assert.Contains("\nprocess_cpu_seconds_total ", metrics, StringComparison.Ordinal);
        Assert.Contains("\ndotnet_", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_alerts_pass_their_unit_tests()
    {
        Assert.SkipUnless(Prometheus.IsInstalled, Prometheus.WhyNot);

        var (exit, said) = await Prometheus.ToolAsync(
            "", "test", "rules", Path.Combine(MonitoringFiles.PrometheusFolder, "tests.yml"));
        Assert.True(exit == 0, said);
        (exit, said) = await Prometheus.ToolAsync(
            "", "check", "config", Path.Combine(MonitoringFiles.PrometheusFolder, "prometheus.yml"));
        Assert.True(exit == 0, said);
    }

    [Fact]
    public async Task Every_panel_rule_and_alert_is_understood_and_returns_data_where_it_should()
    {
        Assert.SkipUnless(Prometheus.IsInstalled, Prometheus.WhyNot);
        await using var devnet = await MonitoredDevnet.StartAsync();
        await devnet.WorkAsync(seconds: 5);

        foreach (var validator in devnet.Validators)
        {
            using HttpClient http = new() { BaseAddress = validator };
            var metrics = await http.GetStringAsync(new Uri("metrics", UriKind.Relative));
            var (exit, said) = await Prometheus.ToolAsync(metrics, "check", "metrics");
            Assert.True(exit == 0, said);
        }

        foreach (var (panel, expression) in MonitoringFiles.Panels)
        {
            await Eventually.HoldsAsync($"'{panel}' shows data: {expression}", async () =>
            {
                var (series, refused) = await devnet.Prometheus.QueryAsync(Filled(expression, devnet));
                Assert.True(refused is null, $"{panel}: {refused}");
                return series > 0 || MayBeEmpty(expression);
            });
        }

        await Eventually.HoldsAsync("every rule is evaluated",
            async () => (await devnet.Prometheus.RulesAsync()).All(rule => rule.Health == "ok"));
        var rules = await devnet.Prometheus.RulesAsync();
        Assert.Equal(
            MonitoringFiles.Alerts.Order(),
            rules.Where(rule => rule.IsAlert).Select(rule => rule.Name).Order());
        foreach (var (name, _, _, _) in rules.Where(rule => !rule.IsAlert))
        {
            await Eventually.HoldsAsync(
                $"the rule {name} records",
                async () => (await devnet.Prometheus.QueryAsync(name)).Series > 0);
        }

        Assert.DoesNotContain(rules, rule => rule.State == "firing");
    }

    /// <summary>Pending is true and not yet long enough: an alert waits before it wakes anybody.</summary>
    [Fact]
    public async Task Two_of_four_that_die_make_the_alerts_of_a_lost_quorum_true()
    {
        Assert.SkipUnless(Prometheus.IsInstalled, Prometheus.WhyNot);
        await using var devnet = await MonitoredDevnet.StartAsync();
        await Eventually.HoldsAsync("all are seen", async ()
            => (await devnet.Prometheus.QueryAsync("ledger:validators_with_quorum:count == 4")).Series == 1);

        devnet.Kill(2);
        devnet.Kill(3);

        foreach (var alert in (string[])["LedgerNoQuorum", "LedgerValidatorDown", "LedgerValidatorIsolated"])
        {
            await Eventually.HoldsAsync($"{alert} is true",
                async () => (await devnet.Prometheus.RulesAsync()).Any(
                    rule => rule.Name == alert && rule.State is "pending" or "firing"));
        }

        var rules = await devnet.Prometheus.RulesAsync();
        Assert.All(
            rules.Where(rule => rule.Name is "LedgerEvidence" or "LedgerDiskFull"),
            rule => Assert.Equal("inactive", rule.State));
    }

    /// <summary>As Grafana fills a dashboard's variables.</summary>
    private static string Filled(string expression, MonitoredDevnet devnet) => expression
        .Replace("$job", "ledger", StringComparison.Ordinal)
        .Replace("$instance", devnet.Validators[0].Authority, StringComparison.Ordinal);

    /// <summary>What shows only what went wrong shows nothing here.</summary>
    private static bool MayBeEmpty(string expression) => expression.EndsWith("> 0", StringComparison.Ordinal);
}
