using System.Net;
using System.Net.Http.Json;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using MessagePack;

namespace Ledger.Node.Tests.Api;

/// <summary>Transactions over HTTP, in both encodings, good and bad.</summary>
public sealed class SubmitTests(SingleNode node) : IClassFixture<SingleNode>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_JSON_transaction_is_accepted_with_its_hash()
    {
        var transaction = node.Put();

        using var response = await node.PostAsync(transaction);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var reply = (await response.Content.ReadFromJsonAsync<TransactionReply>(Token))!;
        Assert.Equal(
            (transaction.Hash.ToString(), "pending", false), (reply.Hash, reply.Status, reply.Duplicate));
    }

    [Fact]
    public async Task Whoever_waits_is_told_where_it_became_final()
    {
        var transaction = node.Put();

        using var response = await node.PostAsync(transaction, "?wait=final");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var reply = (await response.Content.ReadFromJsonAsync<TransactionReply>(Token))!;
        Assert.Equal(("final", true), (reply.Status, reply.Applied));
        Assert.Null(reply.Code);
        Assert.Equal(reply, await node.GetAsync<TransactionReply>($"/v1/transactions/{transaction.Hash}"));
        var block = await node.GetAsync<BlockReply>($"/v1/blocks/{reply.Height}");
        Assert.Equal(transaction.Hash.ToString(), block.Transactions![reply.Index!.Value]);
    }

    [Fact]
    public async Task A_MessagePack_transaction_is_taken_as_it_is()
    {
        var transaction = node.Put();

        using var response = await node.PostAsync(RunningNode.Packed(transaction.Encoded), "?wait=final");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            transaction.Hash.ToString(),
            (await response.Content.ReadFromJsonAsync<TransactionReply>(Token))!.Hash);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_is_answered_in_its_order_each_for_itself(bool isMessagePack)
    {
        Transaction[] batch =
            [node.Put("a"), Keys.Forged(node.Put("b")), node.Put("c", sender: Keys.Stranger), node.Put("d")];
        using HttpContent content = isMessagePack
            ? RunningNode.Packed(ArrayOf(batch))
            : JsonContent.Create(batch.Select(RunningNode.RequestOf));

        using var response = await node.PostAsync(content, "?wait=final");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var replies = (await response.Content.ReadFromJsonAsync<TransactionReply[]>(Token))!;
        Assert.Equal(batch.Select(t => t.Hash.ToString()), replies.Select(reply => reply.Hash));
        Assert.Equal(
            [("final", null), ("rejected", "bad_signature"), ("rejected", "not_permitted"), ("final", null)],
            replies.Select(reply => (reply.Status, reply.Code)));
    }

    [Fact]
    public async Task A_batch_of_one_is_answered_with_an_array()
    {
        using var response = await node.PostAsync(
            JsonContent.Create(new[] { RunningNode.RequestOf(node.Put()) }));

        Assert.Single((await response.Content.ReadFromJsonAsync<TransactionReply[]>(Token))!);
    }

    [Fact]
    public async Task A_batch_that_names_one_transaction_often_is_answered_for_each()
    {
        var transaction = node.Put();
        using var response = await node.PostAsync(
            RunningNode.Packed(ArrayOf([transaction, transaction, transaction])), "?wait=final");

        var replies = (await response.Content.ReadFromJsonAsync<TransactionReply[]>(Token))!;
        Assert.Equal(3, replies.Length);
        Assert.All(replies, reply => Assert.Equal(
            (transaction.Hash.ToString(), "final", replies[0].Height),
            (reply.Hash, reply.Status, reply.Height)));
    }

    [Fact]
    public async Task What_takes_no_effect_is_final_with_the_reason()
    {
        var reply = await node.SubmitFinalAsync(node.Put("versioned", expectedVersion: 999_999));

        Assert.Equal((false, "version_mismatch"), (reply.Applied, reply.Code));
        Assert.StartsWith("operation 0: ", reply.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad_signature", 401)]
    [InlineData("not_permitted", 403)]
    [InlineData("already_final", 409)]
    [InlineData("wrong_chain", 400)]
    [InlineData("invalid", 400)]
    [InlineData("expired", 400)]
    [InlineData("too_far_ahead", 400)]
    [InlineData("too_large", 413)]
    [InlineData("sender_share_full", 429)]
    public async Task A_refusal_is_a_problem_with_a_status_and_a_code(string code, int status)
    {
        using var response = await node.PostAsync(RunningNode.Packed(await BadAsync(code)));

        await RunningNode.ProblemAsync(response, status, code);
        Assert.Equal(status == 429, response.Headers.RetryAfter is { Delta.TotalSeconds: >= 1 });
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("[[[[[[[[[[[[]]]]]]]]]]]]")]
    [InlineData("""{"chainId":"test","surprise":1}""")]
    [InlineData("""{"chainId":"\ud800","sender":"00","validUntil":1,"nonce":1,"operations":[],"signature":"00"}""")]
    [InlineData("""{"chainId":"test","sender":"00","validUntil":1,"nonce":-1,"operations":[],"signature":"00"}""")]
    public async Task JSON_that_is_no_transaction_is_malformed(string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");

        using var response = await node.PostAsync(content);

        await RunningNode.ProblemAsync(response, 400, "malformed");
    }

    [Theory]
    [InlineData("?wait=bogus", "wait")]
    [InlineData("?wait=", "wait")]
    [InlineData("?wait=final&timeoutMs=0", "timeoutMs")]
    [InlineData("?wait=final&timeoutMs=-1", "timeoutMs")]
    [InlineData("?wait=final&timeoutMs=120001", "timeoutMs")]
    public async Task A_wait_that_cannot_be_granted_is_malformed_and_submits_nothing(
        string query, string what)
    {
        var transaction = node.Put();

        using var response = await node.PostAsync(transaction, query);

        Assert.StartsWith(what, await DetailAsync(response), StringComparison.Ordinal);
        using var unknown = await node.GetAsync($"/v1/transactions/{transaction.Hash}");
        await RunningNode.ProblemAsync(unknown, 404, "not_found");
    }

    [Theory]
    [InlineData("{", "not JSON, from line 1, byte 2 on")]
    [InlineData("[1,]", "not JSON, from line 1, byte 4 on")]
    [InlineData("""{"chainId":"test","surprise":1}""", "$.surprise: not a field")]
    [InlineData("""{"chainId":5}""", "$.chainId: not a field")]
    [InlineData("""{"nonce":1.5}""", "$.nonce: not a field")]
    [InlineData("""{"chainId":"a","chainId":"b"}""", "$.chainId: not a field")]
    [InlineData("5", "$: not a field")]
    public async Task What_is_wrong_with_JSON_is_said_in_our_own_words(string body, string words)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");

        using var response = await node.PostAsync(content);

        var detail = await DetailAsync(response);
        Assert.StartsWith(words, detail, StringComparison.Ordinal);
        Assert.DoesNotContain(".NET", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Ledger.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
    }

    /// <summary>
    /// One value, one text: the signature is over the bytes, and nobody should wonder which they are.
    /// </summary>
    [Theory]
    [InlineData("aGk")]
    [InlineData("aG k=")]
    [InlineData("aGk=\\n")]
    [InlineData("aGl=")]
    [InlineData("aGk==")]
    [InlineData("_w==")]
    public async Task Base64_that_is_not_in_its_one_form_is_malformed(string value)
    {
        var text = System.Text.Json.JsonSerializer.Serialize(
            RunningNode.RequestOf(node.Put(value: "hi")), System.Text.Json.JsonSerializerOptions.Web);
        using StringContent body = new(
            text.Replace("\"aGk=\"", $"\"{value}\"", StringComparison.Ordinal), Encoding.UTF8,
            "application/json");

        using var response = await node.PostAsync(body);

        Assert.StartsWith("value: base64", await DetailAsync(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("operations", null)]
    [InlineData("operations", "[null]")]
    [InlineData("operations", "[{}]")]
    [InlineData("operations", "[]")]
    [InlineData("operations", """[{"type":"erase"}]""")]
    [InlineData("operations", """[{"type":"put","namespace":"open","key":"k"}]""")]
    [InlineData("operations", """[{"type":"put","namespace":"open","key":"k","value":"not base64"}]""")]
    [InlineData("operations", """[{"type":"put","namespace":"open","key":"\ud800","value":""}]""")]
    [InlineData("operations", """[{"type":"grant","account":"00","role":"king"}]""")]
    [InlineData("sender", "null")]
    [InlineData("sender", "\"xyz\"")]
    [InlineData("signature", "null")]
    [InlineData("chainId", "null")]
    [InlineData("validUntil", "-1")]
    public async Task One_bad_field_is_enough(string field, string? value)
    {
        var fields = new Dictionary<string, string?>
        {
            ["chainId"] = "\"test\"",
            ["sender"] = $"\"{Keys.Writer.PublicKey}\"",
            ["validUntil"] = "1",
            ["nonce"] = "1",
            ["operations"] = """[{"type":"delete","namespace":"open","key":"k"}]""",
            ["signature"] = $"\"{Keys.Writer.Sign([1])}\"",
            [field] = value,
        };
        var given = fields.Where(f => f.Value is not null).Select(f => $"\"{f.Key}\":{f.Value}");
        var body = $"{{{string.Join(',', given)}}}";
        using StringContent content = new(body, Encoding.UTF8, "application/json");

        using var response = await node.PostAsync(content);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Two readers of one text must not see two transactions.</summary>
    [Theory]
    [InlineData("\"chainId\":", "\"chainId\":\"other\",\"chainId\":")]
    [InlineData("\"chainId\":", "\"CHAINID\":")]
    [InlineData("\"nonce\":", "\"nonce\":\"1\",\"note\":")]
    public async Task JSON_that_can_be_read_in_two_ways_is_malformed(string member, string bent)
    {
        var text = System.Text.Json.JsonSerializer.Serialize(
            RunningNode.RequestOf(node.Put()), System.Text.Json.JsonSerializerOptions.Web);
        Assert.Contains(member, text, StringComparison.Ordinal);
        using StringContent body = new(
            text.Replace(member, bent, StringComparison.Ordinal), System.Text.Encoding.UTF8,
            "application/json");

        using var response = await node.PostAsync(body);

        await RunningNode.ProblemAsync(response, 400, "malformed");
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_malformed()
    {
        using ByteArrayContent content = new([.. "{\"chainId\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");

        using var response = await node.PostAsync(content);

        await RunningNode.ProblemAsync(response, 400, "malformed");
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x90 })]
    [InlineData(new byte[] { 0x92 })]
    [InlineData(new byte[] { 0xc1, 1, 2 })]
    [InlineData(new byte[] { 0x91, 0xc0 })]
    [InlineData(new byte[] { 0x91, 0xc4, 0xff })]
    [InlineData(new byte[] { 0xdd, 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 0x91, 0xc4, 0x00, 0x00 })]
    public async Task MessagePack_that_is_no_transaction_is_malformed(byte[] body)
    {
        using var response = await node.PostAsync(RunningNode.Packed(body));

        await RunningNode.ProblemAsync(response, 400, "malformed");
    }

    [Fact]
    public async Task More_transactions_than_one_request_may_hold_are_malformed()
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        MessagePackWriter packer = new(writer);
        packer.WriteArrayHeader(2001);
        for (var i = 0; i < 2001; i++)
        {
            packer.Write(new byte[1]);
        }

        packer.Flush();
        using var response = await node.PostAsync(RunningNode.Packed(writer.WrittenMemory));

        await RunningNode.ProblemAsync(response, 400, "malformed");
    }

    [Fact]
    public async Task A_body_larger_than_configured_is_too_large()
    {
        using var response = await node.PostAsync(RunningNode.Packed(new byte[300_001]));

        await RunningNode.ProblemAsync(response, 413, "too_large");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_counted_whether_its_length_was_announced_or_not(
        bool isAnnounced)
    {
        var before = await TooLargeAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/transactions")
        {
            Content = RunningNode.Packed(new byte[400_000]),
        };
        request.Headers.TransferEncodingChunked = !isAnnounced;

        using var response = await node.Http.SendAsync(request, Token);

        await RunningNode.ProblemAsync(response, 413, "too_large");
        Assert.Equal(before + 1, await TooLargeAsync());
    }

    /// <summary>
    /// More than any socket holds: the client reads the answer only if it can send all of it.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_far_too_large_is_taken_in_so_that_its_sender_reads_why(
        bool isAnnounced)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/transactions")
        {
            Content = RunningNode.Packed(new byte[32_000_000]),
        };
        request.Headers.TransferEncodingChunked = !isAnnounced;

        using var response = await node.Http.SendAsync(request, Token);

        await RunningNode.ProblemAsync(response, 413, "too_large");
    }

    [Fact]
    public async Task Other_media_types_are_not_taken()
    {
        using StringContent content = new("chainId: test", Encoding.UTF8, "application/yaml");

        using var response = await node.PostAsync(content);

        await RunningNode.ProblemWithoutWordsAsync(response, 415, "media_type");
    }

    [Fact]
    public async Task A_transaction_that_nobody_knows_is_not_found()
    {
        using var unknown = await node.GetAsync($"/v1/transactions/{Digest.Zero}");
        await RunningNode.ProblemAsync(unknown, 404, "not_found");

        using var noHash = await node.GetAsync("/v1/transactions/abc");
        await RunningNode.ProblemAsync(noHash, 400, "malformed");
    }

    private static async Task<string> DetailAsync(HttpResponseMessage response)
        => (await RunningNode.ProblemWithoutWordsAsync(response, 400, "malformed")).GetProperty("detail")
            .GetString()!;

    private async Task<int> TooLargeAsync()
    {
        const string Counter = "ledger_transactions_rejected_total{reason=\"too_large\"} ";
        var metrics = await node.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token);
        return int.Parse(
            metrics.Split('\n')
                .Single(line => line.StartsWith(Counter, StringComparison.Ordinal))[Counter.Length..],
            System.Globalization.CultureInfo.InvariantCulture);
    }

    private static ReadOnlyMemory<byte> ArrayOf(Transaction[] transactions)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        MessagePackWriter packer = new(writer);
        packer.WriteArrayHeader(transactions.Length);
        foreach (var transaction in transactions)
        {
            packer.Write(transaction.Encoded.Span);
        }

        packer.Flush();
        return writer.WrittenMemory;
    }

    private async Task<ReadOnlyMemory<byte>> BadAsync(string code)
    {
        var now = Keys.TimeOf(TimeProvider.System);
        var transaction = node.Put();
        switch (code)
        {
            case "bad_signature":
                return Keys.Forged(transaction).Encoded;
            case "not_permitted":
                return node.Put(sender: Keys.Stranger).Encoded;
            case "already_final":
                await node.SubmitFinalAsync(transaction);
                return transaction.Encoded;
            case "wrong_chain":
                return Transaction.EncodeSigned(
                    transaction.Body with { ChainId = "another" }, transaction.Signature);
            case "invalid":
                return node.Put(ns: "Not A Name").Encoded;
            case "expired":
                return Keys.Sign(new Timestamp(now.UnixMilliseconds - 1), Keys.Writer,
                    transaction.Body.Operations[0]).Encoded;
            case "too_far_ahead":
                return Keys.Sign(
                    now.Plus(TimeSpan.FromDays(2)), Keys.Writer, transaction.Body.Operations[0]).Encoded;
            case "too_large":
                return Keys.Put(TimeProvider.System, valueBytes: Limits.TransactionBytes).Encoded;
            default:
                return Keys.Put(TimeProvider.System, valueBytes: 2000).Encoded;
        }
    }
}
