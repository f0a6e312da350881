using System.Net;
using System.Net.Http.Json;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>
/// A node that lacks a quorum: it takes what it has room for, says that it waits, and promises nothing.
/// </summary>
public sealed class WaitingNodeTests(FullNode node) : IClassFixture<FullNode>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_mempool_asks_to_come_again()
    {
        using var response = await node.PostAsync(node.Put());

        await RunningNode.ProblemAsync(response, 429, "mempool_full");
        Assert.True(response.Headers.RetryAfter is { Delta.TotalSeconds: >= 1 });
    }

    [Fact]
    public async Task A_batch_for_which_there_is_no_room_at_all_is_one_refusal()
    {
        using var response = await node.PostAsync(
            JsonContent.Create(
                new[] { RunningNode.RequestOf(node.Put()), RunningNode.RequestOf(node.Put()) }));

        await RunningNode.ProblemAsync(response, 429, "mempool_full");
    }

    [Fact]
    public async Task What_finds_no_room_in_a_batch_is_told_apart_from_what_waits()
    {
        using var response = await node.PostAsync(
            JsonContent.Create(
                new[] { RunningNode.RequestOf(node.Waiting[0]), RunningNode.RequestOf(node.Put()) }));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var replies = (await response.Content.ReadFromJsonAsync<TransactionReply[]>(Token))!;
        Assert.Equal(
            [("pending", true, null), ("rejected", false, "mempool_full")],
            replies.Select(reply => (reply.Status, reply.Duplicate, reply.Code)));
    }

    [Fact]
    public async Task What_waits_already_is_a_conflict()
    {
        using var response = await node.PostAsync(node.Waiting[0]);

        await RunningNode.ProblemAsync(response, 409, "duplicate");
    }

    [Fact]
    public async Task What_waits_is_pending()
    {
        var hash = node.Waiting[0].Hash.ToString();

        Assert.Equal(new(hash, "pending"), await node.GetAsync<TransactionReply>($"/v1/transactions/{hash}"));
        using var receipt = await node.GetAsync($"/v1/receipts/{hash}");
        await RunningNode.ProblemAsync(receipt, 404, "not_found");
    }

    [Fact]
    public async Task Whoever_waited_long_enough_is_told_that_it_is_still_pending()
    {
        using var response = await node.PostAsync(
            JsonContent.Create(new[] { RunningNode.RequestOf(node.Waiting[0]) }), "?wait=final&timeoutMs=1");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var reply = Assert.Single((await response.Content.ReadFromJsonAsync<TransactionReply[]>(Token))!);
        Assert.Equal(("pending", "no_quorum"), (reply.Status, reply.Code));
        Assert.StartsWith(
            "this validator reaches 1 of the 2 that make a quorum", reply.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_alive_and_not_ready()
    {
        using var live = await node.GetAsync("/livez");
        using var ready = await node.GetAsync("/readyz");

        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await RunningNode.ProblemAsync(ready, 503, "not_ready");
        var status = await node.GetAsync<StatusReply>("/v1/status");
        Assert.Equal(("waiting", 2, 0UL), (status.State, status.MempoolTransactions, status.Height));
    }

    [Theory]
    [InlineData("/v1/state/open/key")]
    [InlineData("/v1/state/open?key=key")]
    [InlineData("/v1/accounts/bob")]
    public async Task It_serves_no_linearizable_read_and_says_why(string path)
    {
        using var response = await node.GetAsync(
            path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "consistency=linearizable");

        await RunningNode.ProblemAsync(response, 503, "no_quorum");
        Assert.Contains(
            "only 1 of the 2 validators that make a quorum answered",
            await response.Content.ReadAsStringAsync(Token),
            StringComparison.Ordinal);
        Assert.True(response.Headers.RetryAfter is { Delta.TotalSeconds: >= 1 });
    }

    [Fact]
    public async Task It_serves_local_reads()
    {
        using var response = await node.GetAsync("/v1/state/open/key?consistency=local");

        await RunningNode.ProblemAsync(response, 404, "not_found");
    }

    [Fact]
    public async Task Nothing_can_be_proven_before_the_first_block()
    {
        using var response = await node.GetAsync("/v1/state/open/key?proof=true");

        await RunningNode.ProblemAsync(response, 503, "not_certified");
    }
}

/// <summary>One of two validators, the other of which never comes; its mempool of two is full.</summary>
public sealed class FullNode() : RunningNode(
    validators: 2, new() { ["mempool.maxTransactions"] = "2", ["mempool.senderSharePercent"] = "100" })
{
    internal IReadOnlyList<Transaction> Waiting { get; private set; } = [];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Waiting = [Put(), Put()];
        foreach (var transaction in Waiting)
        {
            using var response = await PostAsync(transaction);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }
    }
}
