using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Transport;

/// <summary>A validator that keeps this one busy: it waits for itself, and nobody else does.</summary>
public sealed class FloodingPeerTests
{
    private const int Flooder = 3;
    private const byte Consensus = (byte)FrameKind.Consensus;

    private readonly TestChain _chain = new(4);
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Who_costs_more_than_its_share_is_read_later_in_order_and_others_are_read_at_once()
    {
        const int Frames = 60;
        await using var node = Node();
        node.Judge = (frame, _) =>
        {
            _clock.Advance(frame.From.Value == Flooder ? 0.1 : 0);
            return ValueTask.FromResult(FrameVerdict.Ok);
        };
        await node.StartAsync();
        using var flooder = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, Flooder);
        using var modest = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 2);

        for (byte i = 0; i < Frames; i++)
        {
            await flooder.SendAsync(Consensus, [i]);
        }

        await UntilHeldBackAsync(node);
        var read = 0;
        for (; node.Inbox.Reader.TryRead(out var early); read++)
        {
            Assert.Equal([(byte)read], early.Payload);
        }

        Assert.InRange(read, 1, Frames / 2);
        for (byte i = 100; i < 110; i++)
        {
            await modest.SendAsync(Consensus, [i]);
            Assert.Equal([i], (await node.NextFrameAsync()).Payload);
        }

        for (; read < Frames; read++)
        {
            var next = node.NextFrameAsync();
            while (!next.IsCompleted)
            {
                _clock.Advance(0.1);
                await Task.Yield();
            }

            Assert.Equal([(byte)read], (await next).Payload);
        }

        Assert.Equal(0, node.HeldBack("validator-2"));
        Assert.DoesNotContain("-3", node.Events);
    }

    [Fact]
    public async Task Who_comes_and_goes_all_day_waits_at_the_door()
    {
        await using var node = Node();
        await node.StartAsync();
        for (var times = 1; times <= 10; times++)
        {
            using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, Flooder);
            peer.Dispose();
            var gone = times;
            await node.UntilAsync(() => node.Events.Count(what => what == "-3") == gone);
        }

        Assert.Equal(0, node.HeldBack("validator-3"));
        var late = await RawPeer.DialAsync(node.Address);
        var greeting = late.GreetAsync(_chain, Flooder);
        await UntilHeldBackAsync(node);
        Assert.Equal(10, node.Events.Count(what => what == "+3"));
        using var other = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 2);

        while (!greeting.IsCompleted)
        {
            _clock.Advance(0.1);
            await Task.Yield();
        }

        using var letIn = await greeting;
    }

    /// <summary>Nobody answers pings here, and the clock runs away.</summary>
    private TestPeer Node() => new(
        _chain, 0, with: options => options with
        {
            PingInterval = TimeSpan.FromDays(1),
            SilenceMax = TimeSpan.FromDays(1),
            HandshakeTimeout = TimeSpan.FromHours(1),
        })
    {
        Clock = _clock,
    };

    private static async Task UntilHeldBackAsync(TestPeer node)
    {
        using CancellationTokenSource late = new(TestChain.Deadline);
        while (node.HeldBack("validator-3") == 0)
        {
            late.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
