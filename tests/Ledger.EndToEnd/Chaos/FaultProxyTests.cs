using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// The faults are real: a chaos run over a proxy that lets everything pass would prove nothing.
/// </summary>
public sealed class FaultProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan Slowly = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(300);

    private readonly Line _forth = new(seed: 1);
    private readonly Line _back = new(seed: 2);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TcpClient _client = new();
    private readonly CancellationTokenSource _deadline = new(Eventually.Deadline);
    private readonly FaultProxy _proxy;

    public FaultProxyTests()
    {
        _listener.Start();
        _proxy = new((IPEndPoint)_listener.LocalEndpoint, _forth, _back);
    }

    [Fact]
    public async Task What_either_side_says_arrives_in_order_and_so_does_the_end()
    {
        using var server = await ConnectAsync();
        await SayAsync(_client, 1, 2, 3);
        Assert.Equal([1, 2, 3], await HearAsync(server, 3));
        await SayAsync(server, 4);
        Assert.Equal([4], await HearAsync(_client, 1));
        _client.Close();
        Assert.Equal(0, await server.GetStream().ReadAsync(new byte[1], _deadline.Token));
    }

    [Fact]
    public async Task A_cut_line_holds_back_one_way_only_until_it_has_healed()
    {
        using var server = await ConnectAsync();
        _forth.Cut();
        await SayAsync(_client, 1);
        await SayAsync(server, 2);
        Assert.Equal([2], await HearAsync(_client, 1));
        var heard = HearAsync(server, 1);
        await Pause.ForAsync(AMoment);
        Assert.False(heard.IsCompleted);

        _forth.Heal();
        Assert.Equal([1], await heard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_or_lossy_line_delivers_late(bool lossy)
    {
        using var server = await ConnectAsync();
        if (lossy)
        {
            _forth.Lose(percent: 100);
        }
        else
        {
            _forth.Slow(Slowly);
        }

        var since = Stopwatch.GetTimestamp();
        await SayAsync(_client, 1);
        Assert.Equal([1], await HearAsync(server, 1));
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromMilliseconds(150), Eventually.Deadline);
    }

    [Fact]
    public async Task A_reset_breaks_the_connection_for_both_and_lets_the_next_one_pass()
    {
        using var server = await ConnectAsync();
        await SayAsync(_client, 1);
        await HearAsync(server, 1);
        _proxy.Reset();
        await Assert.ThrowsAnyAsync<IOException>(() => HearAsync(server, 1));
        await Assert.ThrowsAnyAsync<IOException>(() => HearAsync(_client, 1));

        using TcpClient next = new();
        await next.ConnectAsync(_proxy.Address, _deadline.Token);
        using var served = await _listener.AcceptTcpClientAsync(_deadline.Token);
        await SayAsync(next, 7);
        Assert.Equal([7], await HearAsync(served, 1));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _proxy.DisposeAsync();
        _listener.Dispose();
        _deadline.Dispose();
    }

    private async Task<TcpClient> ConnectAsync()
    {
        await _client.ConnectAsync(_proxy.Address, _deadline.Token);
        return await _listener.AcceptTcpClientAsync(_deadline.Token);
    }

    private async Task SayAsync(TcpClient speaker, params byte[] words)
        => await speaker.GetStream().WriteAsync(words, _deadline.Token);

    private async Task<byte[]> HearAsync(TcpClient listener, int count)
    {
        var heard = new byte[count];
        await listener.GetStream().ReadExactlyAsync(heard, _deadline.Token);
        return heard;
    }
}
