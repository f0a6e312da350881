using System.Net;
using Ledger.Node.Hosting;
using Microsoft.AspNetCore.Connections;

namespace Ledger.Node.Tests.Hosting;

/// <summary>Who is let in to the public API when one address wants all of its connections.</summary>
public sealed class ConnectionSharesTests
{
    private readonly TaskCompletionSource _end = new();
    private readonly List<Task> _connections = [];
    private readonly ConnectionDelegate _guarded;
    private int _served;

    public ConnectionSharesTests()
        => _guarded = new ConnectionShares(all: 5, each: 3).Guard(_ =>
        {
            _served++;
            return _end.Task;
        });

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1")]
    public void One_address_leaves_room_for_others(string greedy, string other)
    {
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => IsServed(greedy)));
        Assert.True(IsServed(other));
    }

    [Theory]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2")]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    public void The_addresses_of_one_subscriber_are_one(string first, string second)
    {
        Assert.True(IsServed(first));
        Assert.True(IsServed(second));
        Assert.True(IsServed(first));
        Assert.False(IsServed(second));
    }

    [Fact]
    public void All_of_them_together_leave_room_for_operators()
    {
        var served = Enumerable.Range(1, 7).Select(i => IsServed($"192.0.2.{i}"));

        Assert.Equal(5, served.Count(isServed => isServed));
    }

    [Fact]
    public async Task Who_leaves_makes_room()
    {
        for (var i = 0; i < 4; i++)
        {
            IsServed("192.0.2.1");
        }

        _end.SetResult();
        await Task.WhenAll(_connections);

        Assert.Equal([true, true, true, true], Enumerable.Range(0, 4).Select(_ => IsServed("192.0.2.1")));
    }

    private bool IsServed(string address)
    {
        var before = _served;
        Connection connection = new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
        _connections.Add(_guarded(connection));
        Assert.Equal(_served == before, connection.IsAborted);
        return _served > before;
    }

    private sealed class Connection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;

        public override void Abort() => IsAborted = true;
    }
}
