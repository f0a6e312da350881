using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary><c>ledger simulate</c> as scripts and people meet it.</summary>
public sealed class SimulateCommandTests
{
    [Theory]
    [InlineData("'tornado' is no fault; known are all, none, loss, ", "--faults", "loss,tornado")]
    [InlineData("'paxos' is no engine; known are pbft, raft", "--engine", "paxos")]
    [InlineData("'truth' is no strategy; known are ", "--strategy", "truth")]
    [InlineData("there are 1 to 31 nodes, not 32", "--nodes", "32")]
    [InlineData("--nodes", "--nodes", "0")]
    [InlineData("of 4 nodes 0 to 4 lie, not 5", "--byzantine", "5")]
    [InlineData("raft bears validators that fail, and none that lie", "--engine", "raft", "--byzantine", "1")]
    public async Task What_it_does_not_know_is_named_and_nothing_is_run(string words,
        params string[] arguments)
        => Tool.AssertRefused(await Tool.RunAsync(["simulate", .. arguments]), ExitCode.Usage, words);

    [Theory]
    [InlineData("pbft", 4)]
    [InlineData("raft", 3)]
    public async Task A_run_that_holds_ends_well_and_says_what_happened(string engine, int nodes)
    {
        var said = await Tool.RunAsync(
            "simulate", "--engine", engine, "--nodes", $"{nodes}", "--seed", "3", "--seeds", "2");
        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        Assert.Contains("seeds          3 to 4, 2 run", said.Output, StringComparison.Ordinal);
        Assert.Contains("invariants     all held", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_a_sweep_is_one_document()
    {
        var said = await Tool.RunAsync(
            "simulate", "--seed", "5", "--steps", "500", "--faults", "loss,crash", "--json");
        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        var json = said.Json;
        Assert.Equal(("pbft", 4, 5, 1), (
            (string)json["engine"]!, (int)json["nodes"]!, (int)json["firstSeed"]!, (int)json["seeds"]!));
        Assert.True((long)json["steps"]! >= 500);
        Assert.Equal(64, ((string)json["traceHash"]!).Length);
        Assert.Equal(0, (long)json["faults"]!["partition"]!);
        Assert.Null(json["broken"]);
    }

    [Fact]
    public async Task A_broken_invariant_is_exit_4_with_the_smallest_run_that_shows_it_drawn()
    {
        using TemporaryFolder folder = new();
        var trace = folder.Sub("fork.trace");
        string[] liars = ["simulate", "--byzantine", "2", "--seed", "1", "--seeds", "50", "--trace", trace];
        var said = await Tool.RunAsync(liars);
        Assert.Equal(ExitCode.VerificationFailed, said.Exit);
        Assert.Matches("broken +\\S+", said.Output);
        Assert.Contains("smallest       ", said.Output, StringComparison.Ordinal);
        Assert.Contains("ms  R0   R1   R2   R3", said.Output, StringComparison.Ordinal);
        Assert.Matches(
            "^error: seed [0-9]+ broke the invariant '.+'; see it again with: ledger simulate .*--seed ",
                said.Error);

        // Its trace shows the same, and says so by its exit code.
        var replayed = await Tool.RunAsync("replay", trace);
        Assert.Equal(ExitCode.VerificationFailed, replayed.Exit);
        Assert.Contains("as the trace has them; broken: ", replayed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_of_too_many_liars_shows_two_certificates_where_there_must_be_one()
    {
        var help = (await Tool.RunAsync("simulate", "--help")).Output;
        var example = help.Split('\n').Single(
            line => line.Contains("too many liars", StringComparison.Ordinal));
        var arguments = example.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

        var said = await Tool.RunAsync(arguments);

        Assert.Equal(ExitCode.VerificationFailed, said.Exit);
        Assert.Contains("broken         one certificate: ", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_a_broken_invariant_is_named_in_the_document()
    {
        var said = await Tool.RunAsync("simulate", "--byzantine", "2", "--seed", "1", "--seeds", "50",
            "--json");
        Assert.Equal(ExitCode.VerificationFailed, said.Exit);
        Assert.NotNull(said.Json["broken"]!["name"]);
        Assert.Contains("ledger simulate", (string)said.Json["broken"]!["smallest"]!,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_processes_give_one_seed_the_same_trace_and_another_seed_another()
    {
        var first = await HashInAnotherProcessAsync("7");
        Assert.Equal(64, first.Length);
        Assert.Equal(first, await HashInAnotherProcessAsync("7"));
        Assert.NotEqual(first, await HashInAnotherProcessAsync("8"));
    }

    [Fact]
    public async Task The_clients_history_is_a_line_for_each_operation()
    {
        using TemporaryFolder folder = new();
        var history = folder.Sub("history.jsonl");
        Assert.Equal(0, (await Tool.RunAsync("simulate", "--seed", "9", "--history", history)).Exit);
        var lines = await File.ReadAllLinesAsync(history, TestContext.Current.CancellationToken);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains(
            (string)JsonNode.Parse(line)!["action"]!, (string[])["put", "compare_and_set", "get"]));
    }

    private static async Task<string> HashInAnotherProcessAsync(string seed)
    {
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(),
            "../../../dotnet"));
        ProcessStartInfo start = new(
            host, [Path.Combine(AppContext.BaseDirectory, "ledger.dll"), "simulate", "--seed", seed,
                "--json"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return (string)JsonNode.Parse(said)!["traceHash"]!;
    }
}
