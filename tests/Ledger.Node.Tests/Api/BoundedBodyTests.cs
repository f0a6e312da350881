using Ledger.Node.Api;
using Microsoft.AspNetCore.Http;

namespace Ledger.Node.Tests.Api;

/// <summary>What requests may hold of this node's memory while they are on their way.</summary>
public sealed class BoundedBodyTests
{
    private const int Limit = 1 << 20;

    private readonly RequestMemory _memory = new(Limit);

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(RequestMemory.FreeBytes - 1, true)]
    [InlineData(RequestMemory.FreeBytes, true)]
    [InlineData(RequestMemory.FreeBytes + 1, false)]
    [InlineData(Limit, true)]
    [InlineData(Limit, false)]
    public async Task A_body_up_to_the_limit_is_read_whole(int bytes, bool isAnnounced)
    {
        using BoundedBody body = new(_memory);
        var sent = new byte[bytes];
        Random.Shared.NextBytes(sent);

        Assert.Equal(BodyEnd.Whole, await ReadAsync(body, sent, isAnnounced ? bytes : null));

        Assert.Equal(sent, body.Bytes.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_is_too_large(bool isAnnounced)
    {
        using BoundedBody body = new(_memory);

        Assert.Equal(
            BodyEnd.TooLarge, await ReadAsync(body, new byte[Limit + 1], isAnnounced ? Limit + 1 : null));
    }

    [Fact]
    public async Task All_bodies_together_hold_no_more_than_their_share_and_small_ones_always_pass()
    {
        using BoundedBody first = new(_memory);
        Assert.Equal(BodyEnd.Whole, await ReadAsync(first, new byte[Limit - 100], null));
        using (BoundedBody second = new(_memory))
        {
            Assert.Equal(BodyEnd.NoRoom, await ReadAsync(second, new byte[Limit / 2], null));
        }

        using (BoundedBody small = new(_memory))
        {
            Assert.Equal(BodyEnd.Whole, await ReadAsync(small, new byte[RequestMemory.FreeBytes - 1], null));
        }

        first.Dispose();
        using BoundedBody third = new(_memory);
        Assert.Equal(BodyEnd.Whole, await ReadAsync(third, new byte[Limit / 2], null));
    }

    [Fact]
    public async Task Who_announces_much_and_sends_little_holds_little()
    {
        using BoundedBody idle = new(_memory);
        await ReadAsync(idle, new byte[10], announced: Limit);

        Assert.True(_memory.TryTake(Limit));
    }

    private static Task<BodyEnd> ReadAsync(BoundedBody body, byte[] bytes, long? announced)
    {
        DefaultHttpContext http = new();
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentLength = announced;
        return body.ReadAsync(http.Request, Limit, TestContext.Current.CancellationToken);
    }
}
