using System.Net;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>A client that floods fills its own share of the mempool, and delays only itself.</summary>
public sealed class FloodTests : IDisposable
{
    private const int Room = 200;
    private const int Share = Room / 2;

    private readonly SigningKey _flooderKey = SigningKey.Generate();
    private readonly SigningKey _secondKey = SigningKey.Generate();

    public void Dispose()
    {
        _flooderKey.Dispose();
        _secondKey.Dispose();
    }

    [Fact]
    public async Task A_flooder_is_told_to_come_again_while_others_are_let_in()
    {
        using var network = await StartAsync();
        TestClient flooder = new(network.Genesis.ChainId, _flooderKey), modest = new(network);
        var node = network.Nodes[0];

        // Without a quorum nothing leaves the mempool, so what it holds can be counted.
        network.Nodes[2].Process.Pause();
        network.Nodes[3].Process.Pause();
        var (_, replies) = await TestClient.SubmitAsync(
            node, wait: false,
            [.. Enumerable.Range(0, Share + 50).Select(i => flooder.Put($"k{i}", "flood"))]);
        Assert.Equal(Share, replies.Count(reply => reply.Status == "pending"));
        Assert.All(
            replies.Where(reply => reply.Status != "pending"), reply => Assert.Equal(
                "sender_share_full", reply.Code));

        await AssertTooManyAsync(node, flooder.Put("one", "more"));
        Assert.Equal(
            51, await node.MetricAsync("ledger_transactions_rejected_total", "reason=\"sender_share_full\""));
        var mine = modest.Put("modest", "is let in");
        var (status, answer) = await TestClient.SubmitAsync(node, wait: false, [mine]);
        Assert.Equal((HttpStatusCode.Accepted, "pending"), (status, Assert.Single(answer).Status));

        network.Nodes[2].Process.Resume();
        network.Nodes[3].Process.Resume();
        await TestClient.FinalAsync(node, mine);
        foreach (var reply in replies.Where(reply => reply.Status == "pending"))
        {
            await Eventually.HoldsAsync("what was let in is final",
                async () => await node.GetAsync<TransactionReply>(
                    $"v1/transactions/{reply.Hash}") is { Status: "final" });
        }

        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_mempool_that_several_have_filled_tells_everybody_to_come_again_and_empties()
    {
        using var network = await StartAsync();
        TestClient modest = new(network);
        var node = network.Nodes[0];
        network.Nodes[2].Process.Pause();
        network.Nodes[3].Process.Pause();
        foreach (var key in new[] { _flooderKey, _secondKey })
        {
            TestClient flooder = new(network.Genesis.ChainId, key);
            await TestClient.SubmitAsync(
                node, wait: false,
                [.. Enumerable.Range(0, Share).Select(i => flooder.Put($"k{i}", "flood"))]);
        }

        await AssertTooManyAsync(node, modest.Put("modest", "too late"));
        Assert.Equal(
            1, await node.MetricAsync("ledger_transactions_rejected_total", "reason=\"mempool_full\""));

        network.Nodes[2].Process.Resume();
        network.Nodes[3].Process.Resume();
        await TestClient.FinalAsync(node, modest.Put("modest", "when there is room"));
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task While_one_client_floods_every_node_another_still_gets_its_transactions_in()
    {
        using var network = await StartAsync();
        TestClient flooder = new(network.Genesis.ChainId, _flooderKey), modest = new(network);
        using CancellationTokenSource enough = new();
        var floods = network.Nodes.Select(node => Task.Run(async () =>
        {
            var refused = 0;
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                var (status, replies) = await TestClient.SubmitAsync(
                    node, wait: false,
                    [.. Enumerable.Range(0, Share).Select(_ => flooder.Put($"k{i}", "flood"))]);
                refused += status == HttpStatusCode.TooManyRequests
                    ? Share
                    : replies.Count(reply => reply.Status == "rejected");
            }

            return refused;
        })).ToList();

        for (var i = 0; i < 10; i++)
        {
            await TestClient.FinalAsync(network.Nodes[i % 4], modest.Put($"modest-{i}", "is served"));
        }

        await enough.CancelAsync();
        var refusals = await Task.WhenAll(floods);
        Assert.NotEqual(0, refusals.Sum());
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_transaction_that_waits_already_is_refused_alone_and_each_who_waits_for_it_is_told()
    {
        using var network = await StartAsync();
        var node = network.Nodes[0];
        var transaction = new TestClient(network).Put("waits", "for a quorum");
        network.Nodes[2].Process.Pause();
        network.Nodes[3].Process.Pause();
        var patient = TestClient.SubmitAsync(node, wait: true, [transaction], waitMs: 120_000);
        await Eventually.HoldsAsync(
            "it waits", async () => (await node.StatusAsync()).MempoolTransactions == 1);

        using (var alone = await node.PostAsync(
            "v1/transactions", transaction.Encoded.ToArray(), TestClient.MessagePackType))
        {
            Assert.Equal(HttpStatusCode.Conflict, alone.StatusCode);
        }

        // One who loses patience must not take the answer of the other along.
        var (status, hasty) = await TestClient.SubmitAsync(node, wait: true, [transaction], waitMs: 1);
        Assert.Equal((HttpStatusCode.Accepted, "pending"), (status, Assert.Single(hasty).Status));
        network.Nodes[2].Process.Resume();
        network.Nodes[3].Process.Resume();
        var (_, replies) = await patient;
        Assert.Equal("final", Assert.Single(replies).Status);
    }

    private static async Task AssertTooManyAsync(TestNode node, Transaction transaction)
    {
        using var response = await node.PostAsync(
            "v1/transactions", transaction.Encoded.ToArray(), TestClient.MessagePackType);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    private async Task<TestNetwork> StartAsync()
    {
        var network = await TestNetwork.StartAsync(
            4, $"mempool.maxTransactions={Room}", "mempool.senderSharePercent=50");
        TestClient admin = new(network);
        await TestClient.FinalAsync(network.Nodes[0], admin.Sign(
            new Operation.Grant(_flooderKey.PublicKey, Role.Writer, "e2e"),
            new Operation.Grant(_secondKey.PublicKey, Role.Writer, "e2e")));

        // Each node judges a sender by its own state, so each must know of the roles.
        await Agreement.OfAsync(network.Nodes);
        return network;
    }
}
