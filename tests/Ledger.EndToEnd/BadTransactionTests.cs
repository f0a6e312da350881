using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// Whatever a client sends: the status that says whose fault it is, words that say which, a count under the
/// reason, and a network that serves the next client as before.
/// </summary>
public sealed class BadTransactionTests(RunningNetwork running) : IClassFixture<RunningNetwork>
{
    private const string JsonType = "application/json";

    private static readonly SigningKey Stranger = SigningKey.Generate();

    private static readonly SortedDictionary<string, BadInput> Table = new(StringComparer.Ordinal)
    {
        ["no JSON"] = BadInput.OfJson(400, "malformed", "", "{"),
        ["nothing as JSON"] = BadInput.OfJson(400, "malformed", "", ""),
        ["a JSON null"] = BadInput.OfJson(400, "malformed", "null", "null"),
        ["an empty batch as JSON"] = BadInput.OfJson(400, "malformed", "1 to 2000 transactions", "[]"),
        ["too deep a JSON"] = BadInput.OfJson(400, "malformed", "", new string('[', 100_000)),
        ["an unknown member"] = BadInput.OfJson(400, "malformed", "colour", """{"colour":"red"}"""),
        ["a missing member"] = BadInput.OfJson(400, "malformed", "signature", "{}"),
        ["an unknown operation"] = BadInput.OfJson(
            400, "malformed", "'fly' is no operation", c => c with { Operations = """[{"type":"fly"}]""" }),
        ["no operation"] = BadInput.OfJson(
            400, "malformed", "at least one operation", c => c with { Operations = "[]" }),
        ["a null operation"] = BadInput.OfJson(
            400, "malformed", "type: must be given", c => c with { Operations = "[null]" }),
        ["a value that is no base64"] = BadInput.OfJson(
            400, "malformed", "",
            c => c with { Operations = """[{"type":"put","namespace":"n","key":"k","value":"*"}]""" }),
        ["half a surrogate pair"] = BadInput.OfJson(
            400, "malformed", "",
            c => c with { Operations = """[{"type":"delete","namespace":"n","key":"\ud800"}]""" }),
        ["a signature of zeros"] = BadInput.OfJson(401, "bad_signature", "signature is not valid", c => c),
        ["no MessagePack"] = BadInput.Of(400, "malformed", "", _ => [0xc1, 0xc1]),
        ["nothing as MessagePack"] = BadInput.Of(400, "malformed", "", _ => []),
        ["an empty batch"] = BadInput.Of(400, "malformed", "at least one", _ => [0x90]),
        ["a batch said to be of four billion"] = BadInput.Of(
            400, "malformed", "array of byte strings", _ => [0xdd, 0xff, 0xff, 0xff, 0xff]),
        ["a truncated transaction"] = BadInput.Of(
            400, "malformed", "not MessagePack of the expected shape",
            c => c.Put("k", "v").Encoded.ToArray()[..^9]),
        ["bytes behind a transaction"] = BadInput.Of(
            400, "malformed", "bytes follow", c => [.. c.Put("k", "v").Encoded.Span, 0]),
        ["a longer encoding of the same"] = BadInput.Of(
            400, "malformed", "canonical", c => LongerEncodingOf(c.Put("k", "v"))),
        ["a transaction that is too long"] = BadInput.Of(
            413, "too_large", "at most 131072 bytes", c => c.Sign(Values(3)).Encoded.ToArray()),
        ["another chain"] = BadInput.Of(
            400, "wrong_chain", "'elsewhere'",
            c => c.Sign(c.Body(Put("k")) with { ChainId = "elsewhere" }).Encoded.ToArray()),
        ["an expired one"] = BadInput.Of(
            400, "expired", "is past",
            c => c.Sign(c.Body(Put("k")) with { ValidUntil = TestClient.InMinutes(-1) }).Encoded.ToArray()),
        ["one valid for too long"] = BadInput.Of(
            400, "too_far_ahead", "more than a day ahead",
            c => c.Sign(c.Body(Put("k"))
                with
            { ValidUntil = TestClient.InMinutes(25 * 60) }).Encoded.ToArray()),
        ["the end of time"] = BadInput.Of(
            400, "too_far_ahead", "more than a day ahead",
            c => c.Sign(c.Body(Put("k")) with { ValidUntil = new(long.MaxValue) }).Encoded.ToArray()),
        ["a time before all times"] = BadInput.Of(
            400, "expired", "is past",
            c => c.Sign(c.Body(Put("k")) with { ValidUntil = new(long.MinValue) }).Encoded.ToArray()),
        ["a bad namespace"] = BadInput.Of(
            400, "invalid", "a namespace is", c => c.Put("k", "v", "Upper Case").Encoded.ToArray()),
        ["a control character in a key"] = BadInput.Of(
            400, "invalid", "control characters", c => c.Put("a\nb", "v").Encoded.ToArray()),
        ["an amount of nothing"] = BadInput.Of(
            400, "invalid", "at least 1", c => c.Sign(new Operation.Burn("gold", new(0))).Encoded.ToArray()),
        ["a changed signature"] = BadInput.Of(
            401, "bad_signature", "signature is not valid", c => Flipped(c.Put("k", "v"), fromEnd: 1)),
        ["a changed value"] = BadInput.Of(
            401, "bad_signature", "signature is not valid", c => Flipped(c.Put("k", "v"), fromEnd: 70)),
        ["no role"] = BadInput.Of(
            403, "not_permitted", "lacks the role",
            _ => new TestClient("e2e", Stranger).Put("k", "v").Encoded.ToArray()),
    };

    public static TheoryData<string> Names => [.. Table.Keys];

    private TestNode Node => running.Network.Nodes[0];

    [Theory, MemberData(nameof(Names))]
    public async Task Bad_input_is_refused_in_words_and_counted(string name)
    {
        var bad = Table[name];
        TestClient client = new(running.Network);
        var before = await CountAsync(bad.Reason);

        using var response = await Node.PostAsync("v1/transactions", bad.Body(client), bad.MediaType);

        await AssertProblemAsync(response, bad.Status, bad.Reason, bad.Words);
        Assert.Equal(before + 1, await CountAsync(bad.Reason));
        await TestClient.FinalAsync(Node, client.Put("good", name));
    }

    [Fact]
    public async Task A_transaction_that_is_final_already_is_refused_alone_and_told_in_a_batch()
    {
        TestClient client = new(running.Network);
        var transaction = client.Put("once", "only");
        var first = await TestClient.FinalAsync(Node, transaction);
        var before = await CountAsync("already_final");

        using var again = await Node.PostAsync(
            "v1/transactions", transaction.Encoded.ToArray(), TestClient.MessagePackType);
        await AssertProblemAsync(again, 409, "already_final", "final already");
        Assert.Equal(before + 1, await CountAsync("already_final"));

        var (_, replies) = await TestClient.SubmitAsync(running.Network.Nodes[1], wait: true, [transaction]);
        Assert.Equal(first with { Duplicate = true }, Assert.Single(replies));
    }

    [Fact]
    public async Task A_stale_version_is_final_without_effect_and_says_why()
    {
        TestClient client = new(running.Network);
        await TestClient.FinalAsync(Node, client.Put("guarded", "first"));

        var stale = client.Sign(
            new Operation.Put("e2e", "guarded", "second"u8.ToArray(), ExpectedVersion: 0));
        var (_, replies) = await TestClient.SubmitAsync(Node, wait: true, [stale]);

        Assert.True(
            replies is [{ Status: "final", Applied: false, Code: "version_mismatch" }],
            string.Join(", ", replies.AsEnumerable()));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_is_sent_and_the_next_one_served()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(Node.HttpUrl, "v1/transactions"));
        request.Content = new ByteArrayContent(new byte[9 * 1024 * 1024]);
        request.Content.Headers.ContentType = new(TestClient.MessagePackType);
        request.Headers.ExpectContinue = true;
        using var response = await Node.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        await TestClient.FinalAsync(
            Node, new TestClient(running.Network).Put("good", "after a flood of bytes"));
    }

    [Fact]
    public async Task A_bad_transaction_in_a_batch_does_not_harm_the_good_ones()
    {
        TestClient client = new(running.Network);
        TestClient stranger = new("e2e", Stranger);

        var (status, replies) = await TestClient.SubmitAsync(
            Node, wait: true, [client.Put("a", "1"), stranger.Put("b", "2"), client.Put("c", "3")]);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["final", "rejected", "final"], replies.Select(reply => reply.Status));
        Assert.Equal("not_permitted", replies[1].Code);
    }

    [Theory]
    [InlineData("POST", "v1/transactions", 415)]
    [InlineData("GET", "v1/transactions", 405)]
    [InlineData("GET", "v1/transactions/zz", 400)]
    [InlineData(
        "GET", "v1/transactions/0000000000000000000000000000000000000000000000000000000000000000", 404)]
    [InlineData("GET", "v1/receipts/zz", 400)]
    [InlineData("GET", "v1/receipts/0000000000000000000000000000000000000000000000000000000000000000", 404)]
    [InlineData("GET", "v1/blocks/first", 400)]
    [InlineData("GET", "v1/blocks/18446744073709551615", 404)]
    [InlineData("GET", "v1/blocks/18446744073709551616", 400)]
    [InlineData("GET", "v1/blocks?from=-1", 400)]
    [InlineData("GET", "v1/blocks", 400)]
    [InlineData("GET", "v1/state/e2e/no-such-key", 404)]
    [InlineData("GET", "v1/state/no-such-namespace/key", 404)]
    [InlineData("GET", "v1/accounts/nobody", 400)]
    [InlineData("GET", "v1/no-such-thing", 404)]
    [InlineData("GET", "admin/v1/config", 404)]
    public async Task A_request_that_cannot_be_served_is_answered_with_a_problem(
        string method, string path, int status)
    {
        using HttpRequestMessage request = new(new(method), new Uri(Node.HttpUrl, path));
        if (method == "POST")
        {
            request.Content = new StringContent("<transaction/>", Encoding.UTF8, "application/xml");
        }

        using var response = await Node.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Administrative_calls_are_answered_on_their_own_port_whatever_host_the_client_names()
    {
        using HttpRequestMessage spoofed = new(HttpMethod.Get, new Uri(Node.HttpUrl, "admin/v1/config"));
        spoofed.Headers.Host = $"127.0.0.1:{Node.AdminPort}";
        using var refused = await Node.SendAsync(spoofed);
        using HttpRequestMessage proper = new(
            HttpMethod.Get, $"http://127.0.0.1:{Node.AdminPort}/admin/v1/config");
        using var served = await Node.SendAsync(proper);

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    private Task<double> CountAsync(string reason)
        => Node.MetricAsync("ledger_transactions_rejected_total", $"reason=\"{reason}\"");

    private static async Task AssertProblemAsync(
        HttpResponseMessage response, int status, string code, string words)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(
            status == (int)response.StatusCode, $"{(int)response.StatusCode} and not {status}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        var detail = problem.GetProperty("detail").GetString();
        Assert.False(string.IsNullOrWhiteSpace(detail));
        Assert.Contains(words, detail, StringComparison.Ordinal);
    }

    private static Operation.Put Put(string key) => new("e2e", key, "value"u8.ToArray());

    private static Operation[] Values(int count)
        => [.. Enumerable.Range(0, count)
            .Select(i => new Operation.Put("e2e", $"k{i}", new byte[60 * 1024]))];

    private static byte[] Flipped(Transaction transaction, int fromEnd)
    {
        var bytes = transaction.Encoded.ToArray();
        bytes[^fromEnd] ^= 1;
        return bytes;
    }

    /// <summary>
    /// The chain id as a string with a length byte of its own, where its length fits into the first.
    /// </summary>
    private static byte[] LongerEncodingOf(Transaction transaction)
    {
        var bytes = transaction.Encoded.ToArray();
        Assert.Equal(0xa3, bytes[2]);
        return [.. bytes[..2], 0xd9, 3, .. bytes[3..]];
    }

    /// <param name="Status">What the client is told.</param>
    /// <param name="Reason">Code of the problem, and label of the metric.</param>
    /// <param name="Words">What the detail must say.</param>
    /// <param name="MediaType">Of the body.</param>
    /// <param name="Body">Made by a client that is allowed everything.</param>
    private sealed record BadInput(
        int Status, string Reason, string Words, string MediaType, Func<TestClient, byte[]> Body)
    {
        public static BadInput Of(int status, string reason, string words, Func<TestClient, byte[]> body)
            => new(status, reason, words, TestClient.MessagePackType, body);

        public static BadInput OfJson(int status, string reason, string words, string text)
            => new(status, reason, words, JsonType, _ => Encoding.UTF8.GetBytes(text));

        public static BadInput OfJson(
            int status, string reason, string words, Func<JsonTransaction, JsonTransaction> change)
            => new(
                status, reason, words, JsonType,
                client => Encoding.UTF8.GetBytes(change(JsonTransaction.Of(client)).ToString()));
    }

    /// <summary>A put as JSON, signed with zeros.</summary>
    private sealed record JsonTransaction(string Sender, long ValidUntil, string Operations)
    {
        public static JsonTransaction Of(TestClient client)
        {
            var body = client.Body(Put("k"));
            return new(
                body.Sender.ToString(), body.ValidUntil.UnixMilliseconds,
                """[{"type":"put","namespace":"e2e","key":"k","value":"dg=="}]""");
        }

        public override string ToString() => $$"""
            {"chainId":"e2e","sender":"{{Sender}}","validUntil":{{ValidUntil}},"nonce":7,
             "operations":{{Operations}},"signature":"{{new string('0', 128)}}"}
            """;
    }
}
