using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

public sealed class StopTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_is_asked_to_stop_ends_with_code_0_under_load(bool byInterrupt)
    {
        using var network = await TestNetwork.StartAsync();
        await using Load load = new(network);
        await load.HearAsync(20);
        var process = network.Nodes[3].Process;

        if (byInterrupt)
        {
            process.Interrupt();
        }
        else
        {
            process.Terminate();
        }

        Assert.Equal(0, await process.ExitAsync());
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        Assert.Empty(process.Errors);
        await load.HearAsync(20);
    }

    /// <summary>
    /// Neither a client that follows the chain nor one that waits for a quorum that is gone may hold a node
    /// up: it is told to stop by something that soon kills it.
    /// </summary>
    [Fact]
    public async Task A_client_that_waits_does_not_hold_up_a_node_that_is_asked_to_stop()
    {
        using var network = await TestNetwork.StartAsync();
        TestClient client = new(network);
        var node = network.Nodes[0];
        network.Nodes[2].Process.Kill();
        network.Nodes[3].Process.Kill();
        using var following = await node.SendAsync(
            new(HttpMethod.Get, new Uri(node.HttpUrl, "v1/events?from=0")));
        var waiting = TestClient.SubmitAsync(
            node, wait: true, [client.Put("never", "final")], waitMs: 120_000);
        await Eventually.HoldsAsync(
            "the transaction waits", async () => (await node.StatusAsync()).MempoolTransactions == 1);

        node.Process.Terminate();

        // Both are told in good order, rather than cut off once the node has lost its patience.
        Assert.Equal(0, await node.Process.ExitAsync());
        var (_, replies) = await waiting;
        Assert.Equal("pending", Assert.Single(replies).Status);
        Assert.Contains(
            "event: block", await following.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(node.Process.Errors);
    }

    [Fact]
    public async Task Stopped_and_started_again_a_network_goes_on_where_it_was()
    {
        using var network = await TestNetwork.StartAsync();
        TestClient client = new(network);
        await TestClient.FinalAsync(network.Nodes[1], client.Put("kept", "yes"));
        var before = await Agreement.OfAsync(network.Nodes);
        foreach (var node in network.Nodes)
        {
            node.Process.Terminate();
        }

        foreach (var node in network.Nodes)
        {
            Assert.Equal(0, await node.Process.ExitAsync());
        }

        await network.StartAllAsync();
        await TestClient.FinalAsync(network.Nodes[2], client.Put("kept", "still"));
        var after = await Agreement.OfAsync(network.Nodes);
        Assert.Equal(
            before.Select(block => block.Hash), after.Take(before.Count).Select(block => block.Hash));
    }
}
