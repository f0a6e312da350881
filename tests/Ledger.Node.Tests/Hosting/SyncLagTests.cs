using Ledger.Core;
using Ledger.Node.Hosting;

namespace Ledger.Node.Tests.Hosting;

public sealed class SyncLagTests
{
    [Fact]
    public void Where_nobody_lies_one_peer_that_is_ahead_is_believed()
    {
        SyncLag lag = new(validators: 3, liarsMax: 0);

        lag.PeerIsAt(new(1), new(7), ours: new(3));

        Assert.Equal(4UL, lag.Blocks);
    }

    [Fact]
    public void Where_one_may_lie_a_second_must_say_so_too()
    {
        SyncLag lag = new(validators: 4, liarsMax: 1);

        lag.PeerIsAt(new(1), new(7), ours: new(3));
        Assert.Equal(0UL, lag.Blocks);

        lag.PeerIsAt(new(2), new(5), ours: new(3));
        Assert.Equal(2UL, lag.Blocks);
        lag.WeAreAt(new(5));
        Assert.Equal(0UL, lag.Blocks);
    }
}
