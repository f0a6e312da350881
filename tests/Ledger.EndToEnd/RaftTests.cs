using System.Net;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Raft mode as a user has it: real processes, of which a minority may be killed at any time.
/// </summary>
public sealed class RaftTests
{
    private const int SomeLoad = 40;
    private const int BadConfiguration = 78;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task They_come_up_elect_one_leader_and_agree(int validators)
    {
        using var network = await TestNetwork.StartRaftAsync(validators);
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
            await Agreement.KeepsAsync(network, load);
        }

        var chain = await Agreement.OfAsync(network.Nodes);
        Assert.All(chain.Skip(1).Where(block => block.Signers is not null), block => Assert.InRange(
            block.Signers!.Count, network.Genesis.Validators.Quorums.Quorum, validators));
        var all = await Task.WhenAll(network.Nodes.Select(node => node.StatusAsync()));
        Assert.Equal("raft", Assert.Single(all.Select(status => status.Mode).Distinct()));
        var (term, leader) = Assert.Single(all.Select(status => (status.View, status.Primary)).Distinct());
        foreach (var node in network.Nodes)
        {
            Assert.Equal(term, await node.MetricAsync("ledger_consensus_term"));
            Assert.Equal(node.Name == leader ? 1 : 0, await node.MetricAsync("ledger_consensus_is_leader"));
        }
    }

    [Fact]
    public async Task The_leader_killed_under_load_is_replaced_and_nothing_acknowledged_is_lost()
    {
        using var network = await TestNetwork.StartRaftAsync();
        await using (Load load = new(network, clients: 8))
        {
            for (var round = 0; round < 3; round++)
            {
                await load.HearAsync(SomeLoad);
                var (leader, before) = await Leaders.OfAsync(network);
                leader.Process.Kill();
                await load.HearAsync(SomeLoad);
                var after = await network.Nodes.First(node => node != leader).StatusAsync();
                Assert.True(after.View > before, $"term {after.View} after term {before}");

                leader.Start();
                await leader.ReadyAsync();
            }

            await load.HearAsync(SomeLoad);
            await load.StopAsync();
            await Agreement.KeepsAsync(network, load);
        }
    }

    [Fact]
    public async Task All_three_killed_under_load_come_back_with_all_that_was_acknowledged_and_one_chain()
    {
        using var network = await TestNetwork.StartRaftAsync();
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
        await Agreement.KeepsAsync(network, load);
    }

    /// <summary>
    /// The leader stands still and is heard no more; whoever waits at a follower need not ask again.
    /// </summary>
    [Fact]
    public async Task A_client_that_waits_at_a_follower_outlives_the_leader()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var (leader, term) = await Leaders.OfAsync(network);
        var follower = network.Nodes.First(node => node != leader);
        leader.Process.Pause();
        var (status, replies) = await TestClient.SubmitAsync(
            follower, wait: true, [new TestClient(network).Put("waits", "for another leader")],
            waitMs: 60_000);

        Assert.Equal((HttpStatusCode.OK, "final"), (status, Assert.Single(replies).Status));
        leader.Process.Resume();
        await Eventually.HoldsAsync(
            "the old leader follows", async () => await leader.StatusAsync() is { IsPrimary: false } now
                && now.View > term);
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_leader_that_is_told_to_stop_hands_over_before_it_ends()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var (leader, term) = await Leaders.OfAsync(network);
        leader.Process.Terminate();

        Assert.Equal(0, await leader.Process.ExitAsync());
        Assert.Contains(
            $"leads in term {term + 1}", leader.Process.Output + leader.Process.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_minority_acknowledges_nothing_and_loses_nothing()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var transaction = new TestClient(network).Put("waits", "for a majority");
        network.Nodes[1].Process.Kill();
        network.Nodes[2].Process.Kill();
        var (status, replies) = await TestClient.SubmitAsync(
            network.Nodes[0], wait: true, [transaction], waitMs: 3000);
        Assert.Equal((HttpStatusCode.Accepted, "pending"), (status, Assert.Single(replies).Status));
        var alone = await network.Nodes[0].StatusAsync();
        Assert.Equal(("waiting", 0UL), (alone.State, alone.Height));

        network.Nodes[1].Start();
        network.Nodes[2].Start();
        var final = await TestClient.FinalAsync(network.Nodes[2], transaction);
        Assert.Equal(final.Height, (await TestClient.FinalAsync(network.Nodes[0], transaction)).Height);
        await Agreement.OfAsync(network.Nodes);
    }

    /// <summary>The journal still holds the log; what of it is final the others say.</summary>
    [Fact]
    public async Task A_validator_that_has_lost_its_ledger_gets_all_of_it_again()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var node = network.Nodes[2];
        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            node.Process.Kill();
            Directory.Delete(Path.Combine(node.Home, "data/ledger"), recursive: true);
            await load.HearAsync(SomeLoad);
            node.Start();
            await node.ReadyAsync();
            await load.HearAsync(SomeLoad);
            await load.StopAsync();
            await Agreement.KeepsAsync(network, load);
        }
    }

    /// <summary>The mode is part of the genesis file, and so of the chain.</summary>
    [Theory]
    [InlineData(ConsensusMode.Pbft, ConsensusMode.Raft)]
    [InlineData(ConsensusMode.Raft, ConsensusMode.Pbft)]
    public async Task A_data_folder_of_one_mode_is_refused_under_a_genesis_of_the_other(
        ConsensusMode mode, ConsensusMode other)
    {
        using var network = TestNetwork.Create(1, mode);
        var node = network.Nodes[0];
        await network.StartAllAsync();
        await TestClient.FinalAsync(node, new TestClient(network).Put("mode", mode.ToString()));
        node.Process.Terminate();
        Assert.Equal(0, await node.Process.ExitAsync());

        var genesis = network.GenesisAt(network.Genesis.Time, other);
        File.WriteAllText(node.GenesisPath, GenesisFile.Write(genesis));
        node.Start();

        Assert.Equal(BadConfiguration, await node.Process.ExitAsync());
        Assert.Contains(genesis.Hash.ToString(), node.Process.Errors, StringComparison.Ordinal);
        Assert.Contains(network.Genesis.Hash.ToString(), node.Process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pbft_validator_is_let_in_by_no_raft_network_and_both_sides_say_so()
    {
        using var network = TestNetwork.Create(3, ConsensusMode.Raft);
        var odd = network.Nodes[2];
        var other = network.GenesisAt(network.Genesis.Time, ConsensusMode.Pbft);
        File.WriteAllText(odd.GenesisPath, GenesisFile.Write(other));
        foreach (var node in network.Nodes)
        {
            node.Start();
        }

        await network.Nodes[0].ReadyAsync();
        await odd.Process.SaysAsync($"its genesis is {network.Genesis.Hash.ToShortString()}…");
        await network.Nodes[0].Process.SaysAsync($"its genesis is {other.Hash.ToShortString()}…");
        await TestClient.FinalAsync(network.Nodes[0], new TestClient(network).Put("without", odd.Name));
        var status = await odd.StatusAsync();
        Assert.Equal(("waiting", 0UL), (status.State, status.Height));
    }
}
