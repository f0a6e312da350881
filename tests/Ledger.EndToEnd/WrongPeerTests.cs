using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// Validators that are not what the others take them for: the network goes on, and each side says what is
/// wrong.
/// </summary>
public sealed class WrongPeerTests
{
    [Fact]
    public async Task A_validator_of_another_genesis_does_not_connect_and_both_sides_say_so()
    {
        using var network = TestNetwork.Create(4);
        var odd = network.Nodes[3];
        var other = network.GenesisAt(network.Genesis.Time.Plus(TimeSpan.FromSeconds(1)));
        File.WriteAllText(odd.GenesisPath, GenesisFile.Write(other));
        foreach (var node in network.Nodes)
        {
            node.Start();
        }

        await network.Nodes[0].ReadyAsync();
        await odd.Process.SaysAsync(
            $"its genesis is {network.Genesis.Hash.ToShortString()}…, ours is {other.Hash.ToShortString()}…");
        await network.Nodes[0].Process.SaysAsync(
            $"its genesis is {other.Hash.ToShortString()}…, ours is {network.Genesis.Hash.ToShortString()}…");
        await TestClient.FinalAsync(network.Nodes[0], new TestClient(network).Put("without", odd.Name));

        await Agreement.OfAsync([.. network.Nodes.Take(3)]);
        var status = await odd.StatusAsync();
        Assert.Equal(("waiting", 0, 0UL), (status.State, status.Peers, status.Height));
        Assert.All(
            status.PeerList, peer => Assert.Contains("genesis", peer.LastRefusal, StringComparison.Ordinal));
        Assert.NotEqual(
            0, await network.Nodes[0].MetricAsync("ledger_handshakes_refused_total", "wrong_genesis"));
    }

    [Fact]
    public async Task A_second_node_with_one_key_is_told_so_and_the_network_goes_on()
    {
        using var network = await TestNetwork.StartAsync();
        var original = network.Nodes[3];
        using var twin = network.NewNode(
            original.Name, SigningKey.FromSeed(original.Key.ExportSeed()), Ports.FreeBlock(3));
        File.WriteAllText(twin.GenesisPath, GenesisFile.Write(network.Genesis));
        twin.WriteConfig(network.Nodes.Take(3));
        await using Load load = new(network);
        await load.HearAsync(10);

        twin.Start();
        await twin.Process.SaysAsync("two nodes share one key");
        await network.Nodes[0].Process.SaysAsync("share one key");
        await load.HearAsync(40);
        await load.StopAsync();

        await Agreement.OfAsync(network.Nodes);
        Assert.Equal(0, (await twin.StatusAsync()).Peers);
        Assert.NotEqual(
            0, await network.Nodes[0].MetricAsync("ledger_handshakes_refused_total", "duplicate"));
        foreach (var node in network.Nodes)
        {
            Assert.Equal(0, await node.MetricAsync("ledger_evidence_total"));
        }
    }

    [Fact]
    public async Task A_validator_that_breaks_the_protocol_loses_its_connection_until_it_is_mended()
    {
        using var network = await TestNetwork.StartAsync();
        var (node, hostile) = (network.Nodes[0], network.Nodes[3]);
        hostile.Process.Kill();
        await Eventually.HoldsAsync("it is gone", async () => (await node.StatusAsync()).Peers == 2);
        using (var peer = await RawPeer.DialAsync(node.PeerAddress))
        {
            await peer.GreetAsync(network.Genesis, hostile.Key);
            await peer.SendRawAsync(RawPeer.Header(int.MaxValue, RawPeer.Consensus));
            await peer.UntilClosedAsync();
        }

        await Eventually.HoldsAsync("it is counted", async () => await node.MetricAsync(
            "ledger_peer_messages_dropped_total", $"peer=\"{hostile.Name}\",reason=\"too_long\"") > 0);
        await TestClient.FinalAsync(node, new TestClient(network).Put("while", "it is kept out"));

        hostile.Start();
        await hostile.ReadyAsync();
        await Eventually.HoldsAsync("it is let in again", async () => (await node.StatusAsync()).Peers == 3);
        await Agreement.OfAsync(network.Nodes);
    }
}
