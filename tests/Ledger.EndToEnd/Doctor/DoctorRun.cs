using System.Text.Json.Nodes;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Doctor;

/// <summary>The tool's doctor, asked of a real network as an operator would.</summary>
internal sealed record DoctorRun(int ExitCode, JsonNode Document)
{
    private string Verdict => Document["verdict"]!.GetValue<string>();

    private IEnumerable<JsonNode> Findings => Document["findings"]!.AsArray()!;

    public static async Task<DoctorRun> OfAsync(params IEnumerable<TestNode> nodes)
    {
        var named = nodes.SelectMany(node => new[] { "--node", node.HttpUrl.ToString() });
        var (exitCode, output, errors) = await LedgerProcess.RunAsync(["doctor", "--json", .. named]);
        Assert.True(output.Length > 0, errors);
        return new(exitCode, JsonNode.Parse(output)!);
    }

    /// <summary>Asks until it says what the table promises: some faults take their time to show.</summary>
    public static async Task SaysAsync(FaultRow row, params IReadOnlyList<TestNode> nodes)
    {
        DoctorRun? last = null;
        await Eventually.HoldsAsync($"the doctor says {row.Code}", async () =>
        {
            last = await OfAsync(nodes);
            return last.Has(row);
        });
        Assert.Equal(row.Exit, last!.ExitCode);
        Assert.Equal(row.Exit == FaultTable.Halted ? "halted" : "degraded", last.Verdict);
    }

    /// <summary>Asks until nothing is left to say.</summary>
    public static Task IsWellAsync(params IReadOnlyList<TestNode> nodes)
        => Eventually.HoldsAsync(
            "the doctor finds all well", async () => await OfAsync(nodes) is { ExitCode: 0 });

    public bool Finds(string code) => Findings.Any(finding => finding["code"]!.GetValue<string>() == code);

    public override string ToString() => Document.ToJsonString();

    private bool Has(FaultRow row) => Findings.Any(
        finding => finding["code"]!.GetValue<string>() == row.Code
            && Matches(finding["what"]!.GetValue<string>(), row.Says));

    /// <summary>Every part between the … is there, in their order.</summary>
    private static bool Matches(string what, string says)
    {
        var at = 0;
        foreach (var part in says.Split('…', StringSplitOptions.TrimEntries))
        {
            at = what.IndexOf(part, at, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            at += part.Length;
        }

        return true;
    }
}
