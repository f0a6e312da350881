using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd.Monitoring;

public sealed class TracingTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task A_clients_trace_goes_on_in_the_node_and_all_validators_write_into_the_blocks_trace()
    {
        await using var collector = await SpanCollector.StartAsync();
        using var network = await TestNetwork.StartAsync(
            4, $"trace.endpoint={collector.Url}", "trace.samplePerMille=1000");
        TestClient client = new(network);
        using HttpRequestMessage request = new(
            HttpMethod.Post, new Uri(network.Nodes[0].HttpUrl, "v1/transactions?wait=final"))
        {
            Content = new ByteArrayContent(TestClient.Batch([client.Put("traced", "yes")])),
        };
        request.Content.Headers.ContentType = new(TestClient.MessagePackType);
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        using var response = await network.Nodes[0].SendAsync(request);
        Assert.True(response.IsSuccessStatusCode);
        await Agreement.OfAsync(network.Nodes);
        var block = await network.Nodes[0].GetAsync<BlockReply>("v1/blocks/1");

        // A node that stops sends what it has not sent yet.
        foreach (var node in network.Nodes)
        {
            node.Process.Terminate();
        }

        foreach (var node in network.Nodes)
        {
            Assert.Equal(0, await node.Process.ExitAsync());
        }

        Assert.True(collector.Holds(Convert.FromHexString(Trace)), "the client's trace goes on");
        Assert.True(collector.Holds(Convert.FromHexString(block.Hash[..32])), "the block has its trace");
        Assert.All(
            (string[])
            [
                "HttpRequestIn", "ledger.admission", "ledger.finality", "ledger.execute", "ledger.prepared",
                "ledger.committed", "ledger.commit", "ledger.block",
            ],
            span => Assert.True(collector.Holds(span), span));
        Assert.All(network.Nodes, node => Assert.True(collector.Holds(node.Name), node.Name));
    }
}
