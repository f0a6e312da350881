using System.Net;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Joining by a snapshot, pruning, backups, and the silence of who may have signed what it no longer knows.
/// </summary>
public sealed class SnapshotTests
{
    private const int SomeLoad = 40;

    private static readonly string[] Snapshots = ["snapshots.everyBlocks=60", TestNetwork.BlocksOfOne];

    [Fact]
    public async Task A_validator_that_joins_late_takes_a_snapshot_and_then_takes_part()
    {
        using var network = await StartWithoutLastAsync(ConsensusMode.Pbft, Snapshots);
        var late = network.Nodes[^1];
        await using Load load = new(network);
        await ReachesAsync(network.Nodes[0], 300);

        // Killed in the middle, or as near to it as a test can come, it goes on at the next start.
        late.Start();
        await late.Process.SaysAsync("State sync to block");
        late.Process.Kill();
        late.Start();
        await late.ReadyAsync();

        await AgreesAsync(late, network.Nodes[0]);
        Assert.Contains("archive node", await PrunedAsync(late, "v1/blocks/1"), StringComparison.Ordinal);

        // Without another there is no quorum unless this one votes.
        network.Nodes[1].Process.Kill();
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await AgreesAsync(late, network.Nodes[0]);
    }

    [Fact]
    public async Task A_raft_member_that_the_log_no_longer_reaches_takes_a_snapshot_and_then_takes_part()
    {
        using var network = await StartWithoutLastAsync(ConsensusMode.Raft, Snapshots);
        var late = network.Nodes[^1];
        await using Load load = new(network, clients: 16);

        // A leader keeps 1,024 to 2,048 entries for followers that are slow.
        await ReachesAsync(network.Nodes[0], 1_100);
        await ReachesAsync(network.Nodes[0], 2_200);
        late.Start();
        await late.Process.SaysAsync("State sync done");
        await late.ReadyAsync();

        await AgreesAsync(late, network.Nodes[0]);
        network.Nodes[1].Process.Kill();
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
    }

    [Fact]
    public async Task Pruned_validators_serve_a_snapshot_to_one_that_was_down_for_longer_than_they_remember()
    {
        using var network = await TestNetwork.StartAsync(4, [.. Snapshots, "retention.blocks=60"]);
        await using Load load = new(network);
        await load.HearAsync(SomeLoad);
        var down = network.Nodes[3];
        down.Process.Kill();
        var height = (await network.Nodes[0].StatusAsync()).Height;

        await ReachesAsync(network.Nodes[0], height + 200);
        await Eventually.HoldsAsync("what it lacks is pruned", async () =>
            (await StatusOfAsync(network.Nodes[0], $"v1/blocks/{height + 1}")) == HttpStatusCode.Gone
            && (await StatusOfAsync(network.Nodes[1], $"v1/blocks/{height + 1}")) == HttpStatusCode.Gone
            && (await StatusOfAsync(network.Nodes[2], $"v1/blocks/{height + 1}")) == HttpStatusCode.Gone);
        down.Start();

        await down.Process.SaysAsync("State sync done");
        await down.ReadyAsync();
        await load.StopAsync();
        await AgreesAsync(down, network.Nodes[0]);
    }

    [Fact]
    public async Task A_validator_without_its_journal_votes_once_the_network_is_past_what_it_may_have_signed()
    {
        using var network = await TestNetwork.StartAsync(4, TestNetwork.BlocksOfOne);
        await using Load load = new(network);
        await load.HearAsync(SomeLoad);
        var lost = network.Nodes[3];
        lost.Process.Kill();
        LoseJournal(lost);
        var before = (await network.Nodes[0].StatusAsync()).Height;

        lost.Start();
        await lost.Process.SaysAsync("silent until the network is provably past");
        await lost.Process.SaysAsync("it may speak again");
        var after = (await network.Nodes[0].StatusAsync()).Height;

        // All that was committed meanwhile was so without it; it kept up and had 128 blocks to wait for.
        Assert.True(after > before + 128, $"it spoke at {after}, from {before} on");
        for (var height = before + 20; height < after - 20; height++)
        {
            var block = await network.Nodes[0].GetAsync<BlockReply>($"v1/blocks/{height}");
            Assert.DoesNotContain(lost.Name, block.Signers ?? []);
        }

        // It has a say again from the next view on: without it there is no quorum.
        network.Named((await network.Nodes[0].StatusAsync()).Primary!).Process.Kill();
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
    }

    [Fact]
    public async Task A_raft_member_whose_journal_was_lost_says_nothing_before_another_leader_is_elected()
    {
        using var network = await TestNetwork.StartRaftAsync(3);
        await using Load load = new(network);
        await load.HearAsync(SomeLoad);
        var leader = network.Named((await network.Nodes[0].StatusAsync()).Primary!);
        var lost = network.Nodes.First(node => node != leader);
        lost.Process.Kill();
        LoseJournal(lost);

        lost.Start();
        await lost.Process.SaysAsync("silent until the network is provably past");
        // Only a leader of a later term than the one it found frees it.
        await lost.Process.SaysAsync("a leader of a term after");
        await load.HearAsync(SomeLoad);
        Assert.DoesNotContain(
            "may speak again", lost.Process.Output + lost.Process.Errors, StringComparison.Ordinal);

        // A leader that stops hands over: the next term is led by the third, which owes the lost one nothing.
        leader.Process.Terminate();
        Assert.Equal(0, await leader.Process.ExitAsync());
        leader.Start();
        await lost.Process.SaysAsync("it may speak again");
        await leader.ReadyAsync();
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_restored_backup_of_a_running_validator_catches_up_in_silence_on_an_empty_machine()
    {
        using var network = await TestNetwork.StartAsync();
        await using Load load = new(network);
        await load.HearAsync(SomeLoad);
        var node = network.Nodes[3];
        var backups = Path.Combine(node.Home, "backups");
        string[] source = ["--admin", $"http://127.0.0.1:{node.AdminPort}", "--genesis", node.GenesisPath];
        var first = await LedgerProcess.RunAsync(["backup", "create", backups, .. source]);
        Assert.True(first.ExitCode == 0, first.Errors);
        await load.HearAsync(SomeLoad);
        var second = await LedgerProcess.RunAsync(["backup", "create", backups, .. source, "--json"]);
        Assert.True(second.ExitCode == 0, second.Errors);
        var verified = await LedgerProcess.RunAsync(
            ["backup", "verify", backups, "--genesis", node.GenesisPath]);
        Assert.True(verified.ExitCode == 0, verified.Errors);
        await load.HearAsync(SomeLoad);

        node.Process.Kill();
        Directory.Delete(node.DataPath, recursive: true);
        var restored = await LedgerProcess.RunAsync(
            ["backup", "restore", backups, "--data", node.DataPath, "--genesis", node.GenesisPath]);
        Assert.True(restored.ExitCode == 0, restored.Errors);
        node.Start();
        await node.Process.SaysAsync("silent until the network is provably past");
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_whole_raft_network_is_restored_from_backups_and_goes_on_where_the_latest_ends()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var source = network.Nodes[0];
        var early = Path.Combine(source.Home, "early");
        var late = Path.Combine(source.Home, "late");
        ulong height;
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            await BackUpAsync(source, early);
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
            height = (await source.StatusAsync()).Height;
            await BackUpAsync(source, late);
        }

        foreach (var node in network.Nodes)
        {
            node.Process.Kill();
            Directory.Delete(node.DataPath, recursive: true);
            var restored = await LedgerProcess.RunAsync(
                [
                    "backup", "restore", node == network.Nodes[2] ? early : late, "--data", node.DataPath,
                    "--genesis", node.GenesisPath, "--nothing-signed-since",
                ]);
            Assert.True(restored.ExitCode == 0, restored.Errors);
        }

        await network.StartAllAsync();
        await using Load after = new(network);
        await after.HearAsync(SomeLoad);
        await after.StopAsync();
        Assert.True((await source.StatusAsync()).Height > height);
        await Agreement.OfAsync(network.Nodes);

        static async Task BackUpAsync(TestNode node, string folder)
        {
            var made = await LedgerProcess.RunAsync(
                [
                    "backup", "create", folder, "--admin", $"http://127.0.0.1:{node.AdminPort}", "--genesis",
                    node.GenesisPath,
                ]);
            Assert.True(made.ExitCode == 0, made.Errors);
        }
    }

    private static async Task<TestNetwork> StartWithoutLastAsync(ConsensusMode mode, string[] settings)
    {
        var network = TestNetwork.Create(mode == ConsensusMode.Pbft ? 4 : 3, mode);
        foreach (var node in network.Nodes)
        {
            node.Settings.AddRange(settings);
        }

        foreach (var node in network.Nodes.SkipLast(1))
        {
            node.Start();
        }

        foreach (var node in network.Nodes.SkipLast(1))
        {
            await node.ReadyAsync();
        }

        return network;
    }

    private static void LoseJournal(TestNode node)
    {
        Directory.Delete(Path.Combine(node.DataPath, "journal"), recursive: true);
        File.Delete(Path.Combine(node.DataPath, "journal-of"));
    }

    private static Task ReachesAsync(TestNode node, ulong height)
        => Eventually.HoldsAsync($"height {height}", async () => (await node.StatusAsync()).Height >= height);

    private static async Task<HttpStatusCode> StatusOfAsync(TestNode node, string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, path));
        using var response = await node.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<string> PrunedAsync(TestNode node, string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, path));
        using var response = await node.SendAsync(request);
        Assert.Equal(HttpStatusCode.Gone, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>
    /// Both have the same block at a height that both have reached, and with it the same state.
    /// </summary>
    private static async Task AgreesAsync(TestNode node, TestNode other)
    {
        var height = (await other.StatusAsync()).Height;
        await ReachesAsync(node, height);
        var ours = await node.GetAsync<BlockReply>($"v1/blocks/{height}");
        var theirs = await other.GetAsync<BlockReply>($"v1/blocks/{height}");
        Assert.Equal((theirs.Hash, theirs.StateRoot), (ours.Hash, ours.StateRoot));
    }
}
