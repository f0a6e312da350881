using System.Net.ServerSentEvents;
using System.Text.Json;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

[Collection(Alone.Name)]
public sealed class IdleTests
{
    private static readonly TimeSpan ManyTimeouts = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The chain is heard through its own events: in the time of thirty view timeouts none comes, and the
    /// first that comes then is of the transaction that ended the silence, at the very next height.
    /// </summary>
    [Fact]
    public async Task An_idle_network_makes_no_block_leaves_no_view_and_writes_nothing()
    {
        using var network = await TestNetwork.StartAsync(
            4, "consensus.viewTimeoutMs=100", "consensus.requestTimeoutMs=100");
        TestClient client = new(network);
        await TestClient.FinalAsync(network.Nodes[0], client.Put("noise", "before"));
        await Agreement.OfAsync(network.Nodes);
        var before = await LookAsync(network);

        using var response = await network.Nodes[2].SendAsync(new(
            HttpMethod.Get, new Uri(network.Nodes[2].HttpUrl, "v1/events?types=block")));
        await using var events = Blocks(await response.Content.ReadAsStreamAsync()).GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => next.WaitAsync(ManyTimeouts));
        Assert.Equal(before, await LookAsync(network));

        var reply = await TestClient.FinalAsync(network.Nodes[0], client.Put("noise", "after"));
        Assert.True(await next.WaitAsync(Eventually.Deadline));
        Assert.Equal(before[0].Height + 1, events.Current.Height);
        Assert.Equal(reply.Height, events.Current.Height);
        Assert.Equal(1, events.Current.TransactionCount);
    }

    private static async IAsyncEnumerable<BlockReply> Blocks(Stream stream)
    {
        await foreach (var item in SseParser.Create(stream).EnumerateAsync())
        {
            yield return JsonSerializer.Deserialize<BlockReply>(item.Data, JsonSerializerOptions.Web)!;
        }
    }

    private static async Task<(ulong Height, ulong View, double Syncs)[]> LookAsync(TestNetwork network)
        => await Task.WhenAll(network.Nodes.Select(async node =>
        {
            var status = await node.StatusAsync();
            return (status.Height, status.View, await node.MetricAsync("ledger_journal_sync_seconds_count"));
        }));
}
