using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// <c>ledger simulate</c> itself over an engine that breaks a rule: the tool as it is built, with only the
/// consensus assembly beside it replaced.
/// </summary>
public sealed class BrokenToolTests : IDisposable
{
    private const int BrokenInvariant = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("broken-ledger-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pbft", "a quorum is one too few")]
    [InlineData("raft", "raft: a majority is one too few")]
    public async Task The_tool_ends_with_4_and_draws_the_smallest_run_that_shows_it(
        string engine, string rule)
    {
        BreakTheTool([.. BrokenRules.All, .. BrokenRaftRules.All], rule);
        var trace = Path.Combine(_folder, "failing.trace");
        var said = await RunAsync(
            "simulate", "--engine", engine, "--seed", "1", "--seeds", "60", "--trace", trace);

        Assert.True(said.Exit == BrokenInvariant, $"exit {said.Exit}: {said.Error}");
        Assert.Matches("broken +[a-z ]+: R[0-9]", said.Output);
        Assert.Matches("seed +[0-9]+, [0-9,]+ steps, [0-9,]+ injections", said.Output);
        Assert.Matches("smallest +[0-9,]+ steps, [0-9,]+ injections, [1-3] clients", said.Output);
        Assert.Contains("ms  R0   R1   R2   R3", said.Output, StringComparison.Ordinal);
        Assert.Matches("error: seed [0-9]+ broke the invariant '[a-z ]+'; see it again with: ledger simulate",
            said.Error);

        var again = await RunAsync("replay", trace);
        Assert.Equal(BrokenInvariant, again.Exit);
    }

    private void BreakTheTool(IReadOnlyList<BrokenRule> rules, string name)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            if (!Path.GetFileName(file).StartsWith("xunit", StringComparison.Ordinal))
            {
                File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
            }
        }

        File.WriteAllBytes(
            Path.Combine(_folder, "Ledger.Consensus.dll"), BrokenEngine.Compile(
                rules.Single(rule => rule.Name == name)));
    }

    private async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var host = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        ProcessStartInfo start = new(host, [Path.Combine(_folder, "ledger.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
