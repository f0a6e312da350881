using System.Net;
using System.Text.Json;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>Reads of what is final, and of the node itself.</summary>
public sealed class LookTests(SingleNode node) : IClassFixture<SingleNode>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_block_is_found_by_its_height_and_as_the_latest()
    {
        var reply = await node.SubmitFinalAsync(node.Put());

        var block = await node.GetAsync<BlockReply>($"/v1/blocks/{reply.Height}");
        var latest = await node.GetAsync<BlockReply>("/v1/blocks/latest");

        Assert.Equal((reply.Height!.Value, 1, 0), (block.Height, block.TransactionCount, block.Proposer));
        Assert.Equal(["validator-0"], block.Signers!);
        Assert.Equal(block.Hash, latest.Hash);
    }

    [Fact]
    public async Task A_block_is_given_as_its_own_bytes_to_whoever_asks_for_them()
    {
        var reply = await node.SubmitFinalAsync(node.Put());
        using HttpRequestMessage request = new(HttpMethod.Get, $"/v1/blocks/{reply.Height}");
        request.Headers.Accept.ParseAdd(RunningNode.MessagePack);

        using var response = await node.Http.SendAsync(request, Token);

        Assert.Equal(RunningNode.MessagePack, response.Content.Headers.ContentType?.MediaType);
        Assert.True(
            BlockCodec.TryDecode(await response.Content.ReadAsByteArrayAsync(Token), out var block, out _));
        Assert.Equal(reply.Height, block.Height.Value);
        Assert.Equal(reply.Hash, Assert.Single(block.Transactions).Hash.ToString());
    }

    [Fact]
    public async Task Blocks_of_a_range_come_in_order_and_no_more_than_are_final()
    {
        var first = await node.SubmitFinalAsync(node.Put());
        var last = await node.SubmitFinalAsync(node.Put());

        var some = await node.GetAsync<BlockReply[]>($"/v1/blocks?from={first.Height}&to={first.Height}");
        var all = await node.GetAsync<BlockReply[]>($"/v1/blocks?from={first.Height}&to={ulong.MaxValue}");

        Assert.Equal([first.Height!.Value], some.Select(block => block.Height));
        Assert.Equal([first.Height!.Value, last.Height!.Value], all.Select(block => block.Height));
        Assert.Empty(await node.GetAsync<BlockReply[]>($"/v1/blocks?from={ulong.MaxValue}"));
    }

    [Theory]
    [InlineData("/v1/headers?from=1&to=0", "to: 1 or above")]
    [InlineData("/v1/blocks?from=2&to=1", "to: 2 or above")]
    [InlineData("/v1/headers?from=1&from=1", "from: once")]
    [InlineData("/v1/blocks?from=1&TO=2&to=3", "to: once")]
    [InlineData("/v1/state/open/key?proof=true&proof=false", "proof: once")]
    [InlineData("/v1/status?any=1&any=2", "any: once")]
    public async Task A_bad_parameter_is_named(string path, string fault)
    {
        using var response = await node.GetAsync(path);

        var problem = await RunningNode.ProblemWithoutWordsAsync(response, 400, "malformed");
        Assert.Contains(fault, problem.GetProperty("detail").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/v1/blocks/999999", 404, "not_found")]
    [InlineData("/v1/blocks/first", 400, "malformed")]
    [InlineData("/v1/blocks/-1", 400, "malformed")]
    [InlineData("/v1/receipts/00", 400, "malformed")]
    [InlineData("/v1/state/open/nothing-here", 404, "not_found")]
    [InlineData("/v1/state/open", 400, "malformed")]
    [InlineData("/v1/state/open/key?consistency=eventual", 400, "malformed")]
    [InlineData("/v1/accounts/bob?consistency=eventual", 400, "malformed")]
    [InlineData("/v1/state/open/key?height=1", 501, "not_in_this_version")]
    [InlineData("/v1/history/open/nothing-here", 404, "not_found")]
    [InlineData("/v1/history/open/key?limit=0", 400, "malformed")]
    [InlineData("/v1/history/open/key?limit=10001", 400, "malformed")]
    [InlineData("/v1/history/open?key=key&limit=-1", 400, "malformed")]
    [InlineData("/v1/state/open/a%2Fb", 400, "malformed")]
    [InlineData("/v1/state/open/a%2fb?proof=true", 400, "malformed")]
    [InlineData("/v1/history/open/a%2Fb", 400, "malformed")]
    [InlineData("/v1/events?types=blocks", 400, "malformed")]
    [InlineData("/v1/accounts/bob", 400, "malformed")]
    public async Task What_cannot_be_answered_is_a_problem_with_a_code(string path, int status, string code)
    {
        using var response = await node.GetAsync(path);

        await RunningNode.ProblemAsync(response, status, code);
    }

    [Theory]
    [InlineData("/v1/blocks")]
    [InlineData("/v1/blocks?from=-1")]
    [InlineData("/v1/blocks?from=one")]
    [InlineData("/v1/events?from=one")]
    [InlineData("/v1/history/open/key?limit=all")]
    public async Task A_parameter_that_is_none_is_a_problem_too(string path)
    {
        using var response = await node.GetAsync(path);

        await RunningNode.ProblemWithoutWordsAsync(response, 400, "malformed");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("with/slash")]
    [InlineData("/leading/and//double/")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("100% & more=?#")]
    [InlineData("grüße")]
    [InlineData("escaped%2Fslash")]
    [InlineData(" ")]
    public async Task Every_key_can_be_read_through_the_query(string key)
    {
        await node.SubmitFinalAsync(node.Put(key, "value of it"));

        var state = await node.GetAsync<StateReply>($"/v1/state/open?key={Uri.EscapeDataString(key)}");

        Assert.Equal(("open", key, "value of it"), (state.Namespace, state.Key, state.ValueText));
        var history = await node.GetAsync<HistoryEntry[]>(
            $"/v1/history/open?key={Uri.EscapeDataString(key)}");
        Assert.Equal("value of it", Assert.Single(history).ValueText);
    }

    [Theory]
    [InlineData("local")]
    [InlineData("linearizable")]
    public async Task A_read_says_at_which_height_it_is(string consistency)
    {
        var reply = await node.SubmitFinalAsync(node.Put("read", consistency));

        var state = await node.GetAsync<StateReply>($"/v1/state/open/read?consistency={consistency}");

        Assert.Equal((consistency, reply.Height), (state.ValueText, state.Version));
        Assert.True(state.Height >= reply.Height);
        var account = await node.GetAsync<AccountReply>(
            $"/v1/accounts/{Keys.Writer.PublicKey}?consistency={consistency}");
        Assert.True(account.Height >= reply.Height);
    }

    [Theory]
    [InlineData("in.path")]
    [InlineData("folder/file.txt")]
    [InlineData("written%2Fso", "written%252Fso")]
    public async Task Keys_like_paths_can_be_read_as_paths(string key, string? path = null)
    {
        var reply = await node.SubmitFinalAsync(node.Put(key, "v"));

        var state = await node.GetAsync<StateReply>($"/v1/state/open/{path ?? key}");

        Assert.Equal((key, reply.Height!.Value), (state.Key, state.Version));
    }

    [Fact]
    public async Task A_value_that_is_no_text_is_given_in_Base64()
    {
        await node.SubmitFinalAsync(Keys.Sign(
            TimeProvider.System, Keys.Writer, new Operation.Put("open", "bytes", new byte[] { 0xff, 0 })));

        var state = await node.GetAsync<StateReply>("/v1/state/open/bytes");

        Assert.Equal("/wA=", state.Value);
        Assert.Null(state.ValueText);
    }

    [Fact]
    public async Task A_keys_history_shows_the_newest_first_and_its_removal()
    {
        var first = await node.SubmitFinalAsync(node.Put("told", "one"));
        var second = await node.SubmitFinalAsync(node.Put("told", "two"));
        using var removed = await node.PostAsync(
            RunningNode.Packed(Keys.Sign(
                TimeProvider.System, Keys.Writer, new Operation.Delete("open", "told")).Encoded),
            "?wait=final");

        var history = await node.GetAsync<HistoryEntry[]>("/v1/history/open/told");

        Assert.Equal([null, "two", "one"], history.Select(entry => entry.ValueText));
        Assert.Equal(
            [second.Height!.Value, first.Height!.Value], history.Skip(1).Select(entry => entry.Height));
        Assert.Single(await node.GetAsync<HistoryEntry[]>("/v1/history/open/told?limit=1"));
        using var gone = await node.GetAsync("/v1/state/open/told");
        await RunningNode.ProblemAsync(gone, 404, "not_found");
    }

    [Fact]
    public async Task An_account_shows_its_roles_and_balances()
    {
        using var response = await node.PostAsync(
            RunningNode.Packed(Keys.Sign(
                TimeProvider.System, Keys.Admin, new Operation.DefineAsset("gold", 2),
                new Operation.Issue("gold", Keys.Writer.PublicKey, new(125))).Encoded),
            "?wait=final");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        var account = await node.GetAsync<AccountReply>($"/v1/accounts/{Keys.Writer.PublicKey}");
        var stranger = await node.GetAsync<AccountReply>($"/v1/accounts/{Keys.Stranger.PublicKey}");

        Assert.Equal([new("gold", 125)], account.Balances);
        Assert.Equal([new("writer", "open")], account.Roles);
        Assert.Empty(stranger.Balances);
        Assert.Empty(stranger.Roles);
    }

    [Fact]
    public async Task A_receipt_names_its_block_and_who_certified_it()
    {
        var transaction = node.Put();
        var reply = await node.SubmitFinalAsync(transaction);

        var receipt = await node.GetAsync<ReceiptReply>($"/v1/receipts/{transaction.Hash}");

        Assert.Equal(reply, receipt.Transaction);
        Assert.Equal((await node.GetAsync<BlockReply>($"/v1/blocks/{reply.Height}")).Hash, receipt.Block);
        Assert.Equal(["validator-0"], receipt.Certificate!.Signers);
        using var unknown = await node.GetAsync($"/v1/receipts/{Digest.Zero}");
        await RunningNode.ProblemAsync(unknown, 404, "not_found");
    }

    [Fact]
    public async Task Validators_genesis_and_status_say_which_network_this_is()
    {
        var validator = Assert.Single(await node.GetAsync<ValidatorReply[]>("/v1/validators"));
        using var genesis = await node.GetAsync("/v1/genesis");
        var status = await node.GetAsync<StatusReply>("/v1/status");

        Assert.Equal((0, "validator-0"), (validator.Index, validator.Name));
        Assert.Equal(
            node.Genesis.Hash, GenesisFile.Parse(await genesis.Content.ReadAsStringAsync(Token)).Hash);
        Assert.Equal(
            ("test", node.Genesis.Hash.ToString(), "pbft", "validator-0", "ready", true),
            (status.ChainId, status.GenesisHash, status.Mode, status.Validator, status.State,
                status.IsPrimary));
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task A_node_that_is_well_says_so(string probe)
    {
        using var response = await node.GetAsync(probe);

        Assert.Equal("ok\n", await response.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Administration_answers_on_its_own_port_only()
    {
        using var outside = await node.GetAsync("/admin/v1/config");
        await RunningNode.ProblemAsync(outside, 404, "not_found");

        using HttpRequestMessage pretends = new(HttpMethod.Get, "/admin/v1/config");
        pretends.Headers.Host = node.Admin.Authority;
        using var pretended = await node.Http.SendAsync(pretends, Token);
        await RunningNode.ProblemAsync(pretended, 404, "not_found");

        var config = await node.Http.GetStringAsync(new Uri(node.Admin, "/admin/v1/config"), Token);
        Assert.Contains("\"path\":\"consensus.window\"", config, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_there_for_whoever_scrapes()
    {
        await node.SubmitFinalAsync(node.Put());

        var text = await node.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token);

        foreach (var name in new[]
        {
            "ledger_block_height", "ledger_transactions_committed_total{result=\"applied\"}",
            "ledger_transactions_rejected_total{reason=\"bad_signature\"} 0", "ledger_mempool_transactions 0",
            "ledger_consensus_is_leader 1", "ledger_sync_lag_blocks 0", "ledger_peers_connected 0",
        })
        {
            Assert.Contains(name, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_OpenAPI_document_names_every_route()
    {
        using var document = JsonDocument.Parse(
            await node.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Token));

        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name)
            .ToHashSet();
        foreach (var route in new[]
        {
            "/v1/transactions", "/v1/transactions/{hash}", "/v1/receipts/{hash}", "/v1/receipts/{hash}/proof",
            "/v1/headers", "/v1/blocks", "/v1/blocks/{height}", "/v1/state/{ns}", "/v1/state/{ns}/{key}",
            "/v1/history/{ns}", "/v1/history/{ns}/{key}", "/v1/accounts/{address}", "/v1/validators",
            "/v1/status",
            "/v1/genesis", "/v1/events", "/livez", "/healthz", "/readyz",
        })
        {
            Assert.Contains(route, paths);
        }

        Assert.True(document.RootElement.GetProperty("paths").GetProperty("/v1/transactions")
            .TryGetProperty("post", out _));
    }

    [Fact]
    public async Task What_is_nowhere_is_a_problem_as_well()
    {
        using var response = await node.GetAsync("/v2/anything");

        await RunningNode.ProblemWithoutWordsAsync(response, 404, "not_found");
    }
}
