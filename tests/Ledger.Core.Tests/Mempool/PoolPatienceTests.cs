using static Ledger.Core.Tests.Mempool.Senders;

namespace Ledger.Core.Tests.Mempool;

/// <summary>
/// When a transaction has waited so long, while others were served, that its primary is to blame.
/// </summary>
public sealed class PoolPatienceTests
{
    private readonly Senders _senders = new();
    private readonly TransactionPool _pool = new(MempoolLimits.Default);

    [Fact]
    public void A_transaction_that_others_overtake_is_overdue_once_patience_is_over()
    {
        var passedOver = _senders.From(Alice);
        _pool.Fill(passedOver);
        _pool.Finalise(_senders.Some(3, Bob));

        Assert.Empty(_pool.OverdueAt(10));
        Assert.Equal([passedOver], _pool.OverdueAt(10.001));
    }

    [Fact]
    public void Waiting_alone_is_nobodys_fault()
    {
        _pool.Fill(_senders.From(Alice));

        Assert.Empty(_pool.OverdueAt(1000));
    }

    /// <summary>
    /// Two that are served for each that waited before, and for itself: one more is too many.
    /// </summary>
    [Theory]
    [InlineData(0, 2, false)]
    [InlineData(0, 3, true)]
    [InlineData(10, 22, false)]
    [InlineData(10, 23, true)]
    public void A_mere_backlog_is_not_censorship(int waitedBefore, int served, bool isCensored)
    {
        _pool.Fill(_senders.Some(waitedBefore, Bob));
        _pool.Fill(_senders.From(Alice));
        var backlog = _pool.Oldest(waitedBefore);

        _pool.Finalise([.. backlog, .. _senders.Some(served - waitedBefore, Carol)]);

        Assert.Equal(isCensored, _pool.OverdueAt(11).Count == 1);
    }

    [Fact]
    public void What_became_final_before_it_came_does_not_count()
    {
        _pool.Finalise(_senders.Some(100, Bob));
        _pool.Fill(_senders.From(Alice));

        Assert.Empty(_pool.OverdueAt(1000));
    }

    [Fact]
    public void Every_view_is_given_the_whole_patience()
    {
        var passedOver = _senders.From(Alice);
        _pool.Fill(passedOver);
        _pool.Finalise(_senders.Some(3, Bob));

        Assert.Equal([passedOver], _pool.OverdueAt(15));
        Assert.Empty(_pool.OverdueAt(15, viewSinceSeconds: 14));
        Assert.Empty(_pool.OverdueAt(24, viewSinceSeconds: 14));
        Assert.Equal([passedOver], _pool.OverdueAt(24.001, viewSinceSeconds: 14));
    }

    [Fact]
    public void A_young_one_is_not_overdue_beside_an_old_one()
    {
        var (old, young) = (_senders.From(Alice), _senders.From(Alice));
        _pool.Offer(old);
        _pool.Offer(young, atSeconds: 5);
        _pool.Finalise(_senders.Some(10, Bob));

        Assert.Equal([old], _pool.OverdueAt(11));
        Assert.Equal([old, young], _pool.OverdueAt(15.001));
    }

    [Fact]
    public void What_was_packed_and_is_not_final_is_still_owed()
    {
        var packed = _senders.From(Alice);
        _pool.Fill(packed);
        _pool.TakeAll();
        _pool.Finalise(_senders.Some(3, Bob));

        Assert.Equal([packed], _pool.OverdueAt(11));
    }

    [Fact]
    public void Removal_tells_how_long_each_that_was_here_had_waited()
    {
        var (first, second) = (_senders.From(Alice), _senders.From(Bob));
        _pool.Offer(first, atSeconds: 1);
        _pool.Offer(second, atSeconds: 2);

        var waited = _pool.Remove([second, _senders.From(Carol), first], TimeSpan.FromSeconds(5));

        Assert.Equal([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4)], waited);
    }
}
