using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>What was acknowledged stays, whoever is killed and whenever: kill -9, as a power cut would.</summary>
public sealed class CrashTests
{
    private const int SomeLoad = 40;

    [Fact]
    public async Task A_backup_killed_under_load_stops_nobody_and_takes_part_again_when_it_is_back()
    {
        using var network = await TestNetwork.StartAsync();
        var (backup, other) = (network.Nodes[3], network.Nodes[2]);
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            backup.Process.Kill();
            await load.HearAsync(SomeLoad);

            backup.Start();
            await backup.ReadyAsync();
            await load.HearAsync(SomeLoad);

            // Without the other backup there is no quorum unless this one votes.
            other.Process.Kill();
            await load.HearAsync(SomeLoad);
            var latest = await network.Nodes[0].GetAsync<BlockReply>("v1/blocks/latest");
            Assert.Contains(backup.Name, latest.Signers!);

            other.Start();
            await other.ReadyAsync();
            await load.StopAsync();
            await AssertKeptAsync(network, load);
        }

        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task The_primary_killed_under_load_is_replaced_and_catches_up_when_it_is_back()
    {
        using var network = await TestNetwork.StartAsync();
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            var before = await network.Nodes[1].StatusAsync();
            var primary = network.Named(before.Primary);
            var survivor = network.Nodes.First(node => node != primary);

            primary.Process.Kill();
            await load.HearAsync(SomeLoad);
            var after = await survivor.StatusAsync();
            Assert.True(after.View > before.View, $"view {after.View} after view {before.View}");
            Assert.NotEqual(0, await survivor.MetricAsync("ledger_view_changes_total"));

            primary.Start();
            await primary.ReadyAsync();
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
            await AssertKeptAsync(network, load);
        }

        await Agreement.OfAsync(network.Nodes);
        var views = await Task.WhenAll(network.Nodes.Select(async node => (await node.StatusAsync()).View));
        Assert.Single(views.Distinct());
    }

    [Fact]
    public async Task All_four_killed_under_load_come_back_with_every_acknowledged_transaction_and_one_chain()
    {
        using var network = await TestNetwork.StartAsync();
        await using Load load = new(network, clients: 8);
        for (var round = 0; round < 3; round++)
        {
            await load.HearAsync(SomeLoad);
            foreach (var node in network.Nodes)
            {
                node.Process.Kill();
            }

            await network.StartAllAsync();
        }

        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.OfAsync(network.Nodes);
        await AssertKeptAsync(network, load);
    }

    [Fact]
    public async Task A_validator_that_stood_still_catches_up_without_a_restart()
    {
        using var network = await TestNetwork.StartAsync();
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            network.Nodes[3].Process.Pause();
            await load.HearAsync(2 * SomeLoad);
            network.Nodes[3].Process.Resume();
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
        }

        await Agreement.OfAsync(network.Nodes);
    }

    /// <summary>Every one of them, on every node, at the height that the client was told.</summary>
    private static async Task AssertKeptAsync(TestNetwork network, Load load)
    {
        await Agreement.OfAsync(network.Nodes);
        foreach (var node in network.Nodes)
        {
            var chain = (await Agreement.ChainOfAsync(node)).Where(block => block.TransactionCount > 0).ToList();
            Dictionary<string, ulong> places = [];
            foreach (var block in chain)
            {
                var whole = await node.GetAsync<BlockReply>($"v1/blocks/{block.Height}");
                foreach (var hash in whole.Transactions!)
                {
                    Assert.True(places.TryAdd(hash, block.Height), $"{hash} is in two blocks of {node.Name}");
                }
            }

            Assert.All(load.Acknowledged, acknowledged =>
                Assert.Equal(acknowledged.Value, places[acknowledged.Key.ToString()]));
        }
    }
}
