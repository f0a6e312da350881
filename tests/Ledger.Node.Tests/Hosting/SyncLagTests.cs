using Ledger.Core;
using Ledger.Node.Hosting;

namespace Ledger.Node.Tests.Hosting;

/// <summary>How far the network is ahead, when up to f of those who say so lie.</summary>
public sealed class SyncLagTests
{
    private readonly SyncLag _lag = new(validators: 4, liarsMax: 1);

    [Fact]
    public void One_liar_among_four_cannot_hold_readiness()
    {
        Says(1, 1_000_000);

        Assert.Equal(0UL, _lag.Blocks);
    }

    [Fact]
    public void Where_nobody_lies_one_that_is_ahead_is_believed()
    {
        SyncLag lag = new(validators: 3, liarsMax: 0);

        lag.PeerIsAt(new(1), new(7), ours: new(3));

        Assert.Equal(4UL, lag.Blocks);
    }

    [Fact]
    public void What_two_of_four_have_reached_an_honest_one_has()
    {
        Says(1, 1_000_000);
        Says(2, 30);

        Assert.Equal(30UL, _lag.Blocks);
    }

    [Fact]
    public void One_that_plays_dead_hides_nothing()
    {
        Says(1, 0);
        Says(2, 30);
        Says(3, 31);

        Assert.Equal(30UL, _lag.Blocks);
    }

    [Fact]
    public void The_latest_word_counts()
    {
        Says(1, 50);
        Says(2, 50);
        Says(2, 20);

        Assert.Equal(20UL, _lag.Blocks);
    }

    [Fact]
    public void Our_own_blocks_make_it_up_and_never_go_back()
    {
        Says(1, 50);
        Says(2, 50);

        _lag.WeAreAt(new(40));
        Assert.Equal(10UL, _lag.Blocks);
        Says(1, 50, ours: 39);
        Assert.Equal(10UL, _lag.Blocks);
        _lag.WeAreAt(new(51));
        Assert.Equal(0UL, _lag.Blocks);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 3)]
    public void The_f_plus_first_claim_counts(int validators, int claimsNeeded)
    {
        SyncLag lag = new(validators, Quorums.Byzantine(validators).Faulty);

        for (var peer = 1; peer < claimsNeeded; peer++)
        {
            lag.PeerIsAt(new(peer), new(10), Height.Genesis);
            Assert.Equal(0UL, lag.Blocks);
        }

        lag.PeerIsAt(new(claimsNeeded), new(10), Height.Genesis);
        Assert.Equal(10UL, lag.Blocks);
    }

    private void Says(int peer, ulong height, ulong ours = 0)
        => _lag.PeerIsAt(new(peer), new(height), new(ours));
}
