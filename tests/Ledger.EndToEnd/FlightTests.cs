using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// What a node did until it was killed is run again from what it had recorded, on any machine.
/// </summary>
public sealed class FlightTests
{
    private const int SomeLoad = 120;

    [Fact]
    public async Task A_killed_validators_last_turns_are_replayed()
    {
        using var network = await TestNetwork.StartAsync(4, "consensus.flightRecorder=1");
        await KillUnderLoadAndReplayAsync(network, "PREPARE v0 h", "COMMIT v0 h", "decides h");
    }

    [Fact]
    public async Task A_killed_raft_members_last_turns_are_replayed()
    {
        using var network = await TestNetwork.StartRaftAsync(3, "consensus.flightRecorder=1");
        await KillUnderLoadAndReplayAsync(network, "decides h");
    }

    [Fact]
    public async Task A_node_that_shall_not_record_does_not()
    {
        using var network = await TestNetwork.StartAsync(1, "consensus.flightRecorder=0");
        await using (Load load = new(network))
        {
            await load.HearAsync(5);
        }

        var replay = await LedgerProcess.RunAsync("replay", network.Nodes[0].DataPath);
        Assert.Equal(1, replay.ExitCode);
        Assert.Contains("holds no flight recording", replay.Errors, StringComparison.Ordinal);
    }

    private static async Task KillUnderLoadAndReplayAsync(TestNetwork network, params string[] words)
    {
        var node = network.Nodes[1];
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            node.Process.Kill();

            // Once more, so that there is the recording of a restart as well.
            node.Start();
            await node.ReadyAsync();
            await load.HearAsync(SomeLoad);
            node.Process.Kill();
        }

        var replay = await LedgerProcess.RunAsync("replay", node.DataPath);
        Assert.True(replay.ExitCode == 0, replay.Errors);
        Assert.Contains(
            $"turns of R1 of chain '{network.Genesis.ChainId}'", replay.Errors, StringComparison.Ordinal);
        Assert.Contains("the engine wants what it wanted then", replay.Errors, StringComparison.Ordinal);
        Assert.Equal(2, replay.Output.Split("starts: may speak").Length - 1);
        Assert.All(words, word => Assert.Contains(word, replay.Output, StringComparison.Ordinal));

        var flight = Path.Combine(node.DataPath, "flight");
        Assert.InRange(Directory.GetFiles(flight).Sum(file => new FileInfo(file).Length), 1, 1 << 21);
        var last = Directory.GetFiles(flight).Order().Last();
        var one = await LedgerProcess.RunAsync("replay", last, "--json", "--count", "1");
        Assert.Equal(0, one.ExitCode);
        Assert.StartsWith(
            "{\"milliseconds\":0,", Assert.Single(one.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
