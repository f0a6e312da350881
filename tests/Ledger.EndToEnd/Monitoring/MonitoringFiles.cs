using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledger.EndToEnd.Monitoring;

/// <summary>What ships for dashboards and alerts, as it stands in the source tree.</summary>
internal static partial class MonitoringFiles
{
    public static string Root { get; } = FindRoot();

    public static string PrometheusFolder { get; } = Path.Combine(Root, "network-configs/prometheus");

    public static string Page(string name) => File.ReadAllText(Path.Combine(Root, "docs", name));

    public static IReadOnlyList<string> Alerts { get; } =
        [.. AlertName().Matches(RuleText("alerts.yml")).Select(match => match.Groups[1].Value)];

    /// <summary>Each panel's expressions, by "dashboard: panel".</summary>
    public static IReadOnlyList<(string Panel, string Expression)> Panels { get; } =
    [
        .. from file in Directory.EnumerateFiles(Path.Combine(Root, "network-configs/grafana/dashboards"))
               .Order()
           let dashboard = JsonDocument.Parse(File.ReadAllText(file)).RootElement
           from panel in dashboard.GetProperty("panels").EnumerateArray()
           from target in panel.GetProperty("targets").EnumerateArray()
           select (
               $"{Path.GetFileNameWithoutExtension(file)}: {panel.GetProperty("title").GetString()}",
               target.GetProperty("expr").GetString()!),
    ];

    /// <summary>
    /// Every metric of the ledger's own that a panel, rule or alert names, without a histogram's endings.
    /// </summary>
    public static IReadOnlyList<string> MetricsUsed()
    {
        var text = string.Join('\n', Panels.Select(panel => panel.Expression))
            + RuleText("rules.yml") + RuleText("alerts.yml");
        return
        [
            .. MetricName().Matches(text).Select(match => HistogramEnding().Replace(match.Value, ""))
                .Distinct().Order(),
        ];
    }

    public static string RuleText(string name) => File.ReadAllText(Path.Combine(PrometheusFolder, name));

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Ledger.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder
            ?? throw new InvalidOperationException(
                "These tests read the source tree that they were built in.");
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\b(ledger|process|dotnet)_[a-z_]+\b(?!:)")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramEnding();
}
