using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using Ledger.Node.Api;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Api;

/// <summary>The stream of what becomes final.</summary>
public sealed class EventTests(SingleNode node) : IClassFixture<SingleNode>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_listens_hears_each_block_after_its_transactions()
    {
        var before = (await node.GetAsync<BlockReply>("/v1/blocks/latest")).Height;
        await using var events = await ListenAsync("/v1/events");

        var reply = await node.SubmitFinalAsync(node.Put());

        var transaction = await events.NextAsync();
        var block = await events.NextAsync();
        Assert.Equal("transaction", transaction.EventType);
        Assert.Equal(reply.Hash, transaction.Data.GetProperty("hash").GetString());
        Assert.True(transaction.Data.GetProperty("applied").GetBoolean());
        Assert.Equal("block", block.EventType);
        Assert.Equal(Text(before + 1), block.EventId);
        Assert.Equal(reply.Height, block.Data.GetProperty("height").GetUInt64());
    }

    [Fact]
    public async Task Whoever_comes_back_misses_nothing_and_hears_nothing_twice()
    {
        var seen = (await node.SubmitFinalAsync(node.Put())).Height!.Value;
        var missed = await node.SubmitFinalAsync(node.Put());
        await using var events = await ListenAsync("/v1/events?from=0&types=block", lastEventId: Text(seen));

        Assert.Equal(Text(missed.Height!.Value), (await events.NextAsync()).EventId);
        var next = await node.SubmitFinalAsync(node.Put());
        Assert.Equal(Text(next.Height!.Value), (await events.NextAsync()).EventId);
    }

    [Fact]
    public async Task A_listener_may_begin_at_any_height()
    {
        var last = await node.SubmitFinalAsync(node.Put());
        await using var events = await ListenAsync("/v1/events?from=1&types=block");

        for (ulong height = 1; height <= last.Height; height++)
        {
            Assert.Equal(Text(height), (await events.NextAsync()).EventId);
        }
    }

    [Fact]
    public async Task Blocks_alone_come_without_their_transactions()
    {
        var reply = await node.SubmitFinalAsync(node.Put());
        await using var events = await ListenAsync($"/v1/events?from={reply.Height}&types=block");

        var block = await events.NextAsync();

        Assert.Equal(("block", Text(reply.Height!.Value)), (block.EventType, block.EventId));
    }

    [Fact]
    public async Task An_event_id_that_is_none_is_as_good_as_none()
    {
        await using var events = await ListenAsync("/v1/events?types=block", lastEventId: "yesterday");

        var reply = await node.SubmitFinalAsync(node.Put());

        Assert.Equal(Text(reply.Height!.Value), (await events.NextAsync()).EventId);
    }

    [Theory]
    [InlineData("/v1/events?types=block", "18446744073709551615")]
    [InlineData("/v1/events?types=block&from=18446744073709551615", null)]
    public async Task Behind_the_highest_height_there_is_nothing(string path, string? lastEventId)
    {
        await node.SubmitFinalAsync(node.Put());
        using var far = await OpenAsync(path, lastEventId);
        await using var stream = await far.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = stream.ReadAtLeastAsync(new byte[1], 1).AsTask();
        await using var near = await ListenAsync("/v1/events?types=block");

        await node.SubmitFinalAsync(node.Put());
        await near.NextAsync();

        Assert.False(first.IsCompleted);
    }

    /// <summary>
    /// Nothing is written while nothing happens, so that only the system can find out that nobody is there.
    /// </summary>
    [Fact]
    public async Task The_system_watches_over_a_listener_that_may_have_gone_without_a_word()
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, node.Http.BaseAddress!.Port, Token);
        await client.GetStream().WriteAsync(
            "GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n"u8.ToArray(), Token);
        await client.GetStream().ReadAtLeastAsync(new byte[1], 1, cancellationToken: Token);

        // As Linux lists them: local, remote, state, queues, then which timer runs; 02 is the keepalive's.
        // 01 is the retransmission's, until what was sent is acknowledged.
        var served = Hex(client.Client.RemoteEndPoint);
        var remote = Hex(client.Client.LocalEndPoint);
        using CancellationTokenSource deadline = new(TestChain.Deadline);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        string running;
        do
        {
            running = (await File.ReadAllLinesAsync("/proc/net/tcp", Token))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Single(fields => fields[1] == served && fields[2] == remote)[5];
        }
        while (running.StartsWith("01:", StringComparison.Ordinal)
            && await timer.WaitForNextTickAsync(deadline.Token));
        Assert.StartsWith("02:", running, StringComparison.Ordinal);
    }

    /// <summary>As Linux writes it: the address in the machine's order of bytes, the port in ours.</summary>
    private static string Hex(EndPoint? endPoint)
        => endPoint is IPEndPoint { Port: var port, Address: var address }
            ? $"{BitConverter.ToUInt32(address.MapToIPv4().GetAddressBytes()):X8}:{port:X4}"
            : throw new ArgumentException("It is no address and port.", nameof(endPoint));

    private static string Text(ulong height) => height.ToString(CultureInfo.InvariantCulture);

    private async Task<Listener> ListenAsync(string path, string? lastEventId = null)
    {
        var response = await OpenAsync(path, lastEventId);
        return new(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, string? lastEventId)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await node.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return response;
    }

    private sealed class Listener(HttpResponseMessage response, Stream stream) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<JsonElement>> _events = SseParser
            .Create(stream, (_, data) => JsonSerializer.Deserialize<JsonElement>(data)).EnumerateAsync()
                .GetAsyncEnumerator();

        public async Task<SseItem<JsonElement>> NextAsync()
        {
            Assert.True(
                await _events.MoveNextAsync().AsTask().WaitAsync(TestChain.Deadline), "the stream ended");
            return _events.Current;
        }

        public async ValueTask DisposeAsync()
        {
            await _events.DisposeAsync();
            response.Dispose();
        }
    }
}
