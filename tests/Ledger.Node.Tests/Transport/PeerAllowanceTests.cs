using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Transport;

/// <summary>What one peer may cost this node, to the millisecond.</summary>
public sealed class PeerAllowanceTests
{
    private readonly ManualClock _clock = new();
    private readonly PeerAllowance _allowance;
    private TimeSpan _passed;

    public PeerAllowanceTests() => _allowance = new(_clock);

    [Theory]
    [InlineData(0.02)]
    [InlineData(1)]
    [InlineData(30)]
    public void B1_what_a_peer_causes_is_bounded_over_any_time(double costMs)
    {
        var cost = TimeSpan.FromMilliseconds(costMs);
        var spent = TimeSpan.Zero;
        while (_passed < TimeSpan.FromSeconds(5))
        {
            _allowance.Spend(cost);
            spent += cost;
            Pass(_allowance.Settle());
            Assert.True(
                spent <= PeerAllowance.Burst + (_passed * PeerAllowance.Share) + PeerAllowance.Gulp + cost,
                $"{spent} spent in {_passed}");
        }

        // It gets all of its share, too.
        Assert.True(spent >= _passed * PeerAllowance.Share);
    }

    [Fact]
    public void B2_who_keeps_within_the_share_never_waits()
    {
        for (var i = 0; i < 100_000; i++)
        {
            _allowance.Spend(TimeSpan.FromMilliseconds(0.99) * PeerAllowance.Share);
            Assert.Equal(TimeSpan.Zero, _allowance.Settle());
            Pass(TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public void A_long_silence_saves_no_more_than_the_burst()
    {
        Pass(TimeSpan.FromHours(1));
        var spent = TimeSpan.Zero;
        while (_allowance.Settle() == TimeSpan.Zero)
        {
            _allowance.Spend(PeerAllowance.PerPiece);
            spent += PeerAllowance.PerPiece;
        }

        Assert.InRange(
            spent, PeerAllowance.Burst, PeerAllowance.Burst + PeerAllowance.Gulp + PeerAllowance.PerPiece);
    }

    /// <summary>A process that was stopped within a handler must not leave its peers waiting.</summary>
    [Fact]
    public void One_frame_counts_for_no_more_than_its_most()
    {
        Use(PeerAllowance.Burst);

        _allowance.Spend(TimeSpan.FromHours(1));

        Assert.Equal(PeerAllowance.OneMax / PeerAllowance.Share, _allowance.Settle());
    }

    [Fact]
    public void Frames_bytes_and_what_came_to_nothing_have_their_price()
    {
        Use(PeerAllowance.Burst);
        _allowance.SpendPieces(1_000);
        Assert.Equal(TimeSpan.FromMilliseconds(40), _allowance.Settle());
        Pass(TimeSpan.FromMilliseconds(40));

        _allowance.SpendBytes(10_000_000);
        Assert.Equal(TimeSpan.FromMilliseconds(100), _allowance.Settle());
    }

    private void Use(TimeSpan amount)
    {
        for (var used = TimeSpan.Zero; used < amount; used += PeerAllowance.OneMax)
        {
            _allowance.Spend(PeerAllowance.OneMax);
        }

        Assert.Equal(TimeSpan.Zero, _allowance.Settle());
    }

    private void Pass(TimeSpan time)
    {
        _passed += time;
        _clock.Advance(time.TotalSeconds);
    }
}
