using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>What an operator changes of a node that runs, and that nobody else may.</summary>
public sealed class AdminTests(SingleNode node) : IClassFixture<SingleNode>
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draining_node_says_so_refuses_what_is_new_and_serves_what_is_there()
    {
        await node.SubmitFinalAsync(node.Put());
        var reply = await PutAsync<DutyReply>("duty", new DutyRequest("draining"));
        Assert.Equal(("draining", 0, true), (reply.Duty, reply.WaitingTransactions, reply.Drained));
        try
        {
            using var refused = await node.PostAsync(node.Put());
            Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
            await RunningNode.ProblemAsync(refused, 503, "draining");
            using var ready = await node.GetAsync("/readyz");
            await RunningNode.ProblemAsync(ready, 503, "not_ready");
            Assert.Equal("draining", (await node.GetAsync<StatusReply>("/v1/status")).State);
            Assert.Equal(1, (await node.GetAsync<BlockReply>("/v1/blocks/latest")).TransactionCount);
        }
        finally
        {
            Assert.False((await PutAsync<DutyReply>("duty", new DutyRequest("full"))).Drained);
        }

        await node.SubmitFinalAsync(node.Put());
    }

    [Fact]
    public async Task A_paused_node_takes_transactions_and_proposes_none_until_it_resumes()
    {
        await PutAsync<DutyReply>("duty", new DutyRequest("paused"));
        var transaction = node.Put();
        using var answer = await node.PostAsync(transaction, "?wait=final&timeoutMs=200");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);

        await PutAsync<DutyReply>("duty", new DutyRequest("full"));
        using var again = await node.PostAsync(RunningNode.Packed(transaction.Encoded), "?wait=final");
        Assert.NotEqual(HttpStatusCode.Accepted, again.StatusCode);
    }

    [Fact]
    public async Task The_log_level_is_changed_while_it_runs()
    {
        Assert.Equal("debug", (await PutAsync<LogLevelReply>("log-level", new LogLevelReply("debug"))).Level);
        Assert.Equal("debug", (await GetAsync<LogLevelReply>("log-level")).Level);
        await PutAsync<LogLevelReply>("log-level", new LogLevelReply("error"));
    }

    [Theory]
    [InlineData("log-level", """{ "level": "loud" }""", 400)]
    [InlineData("log-level", "{}", 400)]
    [InlineData("duty", """{ "duty": "asleep" }""", 400)]
    [InlineData("duty", """{ "duty": "7" }""", 400)]
    [InlineData("duty", "nonsense", 400)]
    public async Task What_is_no_word_for_it_is_refused(string path, string body, int status)
    {
        using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await node.Http.PutAsync(AddressOf(path), content, Token);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task The_journal_shows_what_was_promised()
    {
        await node.SubmitFinalAsync(node.Put());

        var journal = await GetAsync<JournalReply>("journal?last=3");

        Assert.InRange(journal.Last.Count, 1, 3);
        Assert.Equal(journal.Records, journal.Kinds.Values.Sum());
        Assert.True(journal.Bytes > 0);
    }

    /// <summary>
    /// A page that had its name resolve to loopback could otherwise operate the node from a browser there.
    /// </summary>
    [Theory]
    [InlineData("attacker.example", HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task Only_who_names_this_machine_is_heard(string host, HttpStatusCode status)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, AddressOf("duty"));
        request.Headers.Host = host;
        using var response = await node.Http.SendAsync(request, Token);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task On_the_public_port_nobody_changes_anything()
    {
        using var response = await node.Http.PutAsync(
            new Uri("/admin/v1/duty", UriKind.Relative), JsonContent.Create(new DutyRequest("draining")),
            Token);

        await RunningNode.ProblemAsync(response, 404, "not_found");
        Assert.Equal("full", (await GetAsync<DutyReply>("duty")).Duty);
    }

    /// <summary>Its body would otherwise be read, and objects made of it, before anybody says no.</summary>
    [Fact]
    public async Task On_the_public_port_nobody_is_even_read()
    {
        using StringContent content = new("nonsense", System.Text.Encoding.UTF8, "application/json");
        using var response = await node.Http.PutAsync(
            new Uri("/admin/v1/duty", UriKind.Relative), content, Token);

        await RunningNode.ProblemAsync(response, 404, "not_found");
    }

    [Fact]
    public async Task An_operator_sends_a_few_words_and_no_more()
    {
        using StringContent content = new(
            new string(' ', 65_537), System.Text.Encoding.UTF8, "application/json");
        using var response = await node.Http.PutAsync(AddressOf("duty"), content, Token);

        await RunningNode.ProblemWithoutWordsAsync(response, 413, "too_large");
    }

    private Uri AddressOf(string path) => new(node.Admin, $"/admin/v1/{path}");

    private async Task<T> GetAsync<T>(string path)
        => (await node.Http.GetFromJsonAsync<T>(AddressOf(path), Json, Token))!;

    private async Task<T> PutAsync<T>(string path, object body)
    {
        using var response = await node.Http.PutAsync(
            AddressOf(path), JsonContent.Create(body, options: Json), Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
        return (await response.Content.ReadFromJsonAsync<T>(Json, Token))!;
    }
}
