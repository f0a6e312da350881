using System.Net;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// What was acknowledged stays, whoever is killed and whenever: kill -9, as a power cut would.
/// </summary>
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
            await Agreement.KeepsAsync(network, load);
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
            await Agreement.KeepsAsync(network, load);
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
        await Agreement.KeepsAsync(network, load);
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

    /// <summary>The journal still knows what was promised; what was final the others have.</summary>
    [Theory]
    [InlineData("data/ledger")]
    [InlineData("data")]
    public async Task A_validator_that_has_lost_its_ledger_gets_all_of_it_from_the_others(string lost)
    {
        using var network = await TestNetwork.StartAsync();
        var node = network.Nodes[3];
        await using (Load load = new(network))
        {
            await load.HearAsync(5 * SomeLoad);
            node.Process.Kill();
            Directory.Delete(Path.Combine(node.Home, lost), recursive: true);
            await load.HearAsync(SomeLoad);
            node.Start();
            await node.ReadyAsync();
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
        }

        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task Without_a_quorum_nothing_is_acknowledged_and_nothing_is_lost()
    {
        using var network = await TestNetwork.StartAsync();
        var transaction = new TestClient(network).Put("waits", "for two more");
        network.Nodes[1].Process.Kill();
        network.Nodes[3].Process.Kill();
        var (status, replies) = await TestClient.SubmitAsync(
            network.Nodes[0], wait: true, [transaction], waitMs: 3000);
        Assert.Equal((HttpStatusCode.Accepted, "pending"), (status, Assert.Single(replies).Status));
        Assert.Equal(0UL, (await network.Nodes[0].StatusAsync()).Height);
        Assert.Equal("waiting", (await network.Nodes[2].StatusAsync()).State);

        network.Nodes[1].Start();
        var final = await TestClient.FinalAsync(network.Nodes[2], transaction);
        network.Nodes[3].Start();
        await network.Nodes[3].ReadyAsync();
        Assert.Equal(final.Height, (await TestClient.FinalAsync(network.Nodes[3], transaction)).Height);
        await Agreement.OfAsync(network.Nodes);
    }
}
