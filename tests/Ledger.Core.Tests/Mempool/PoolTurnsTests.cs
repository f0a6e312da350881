using static Ledger.Core.Tests.Mempool.Senders;

namespace Ledger.Core.Tests.Mempool;

/// <summary>In which order transactions are packed.</summary>
public sealed class PoolTurnsTests
{
    private readonly Senders _senders = new();
    private readonly TransactionPool _pool = new(MempoolLimits.Default);

    [Fact]
    public void A_flooder_delays_only_itself()
    {
        var flood = _senders.Some(1000, Alice);
        var (bobs, carols) = (_senders.Some(2, Bob), _senders.From(Carol));
        _pool.Fill(flood);
        _pool.Fill([.. bobs, carols]);

        Assert.Equal([flood[0], bobs[0], carols, flood[1], bobs[1], flood[2]], _pool.Take(6, int.MaxValue));
        Assert.Equal([flood[3], flood[4]], _pool.Take(2, int.MaxValue));
    }

    [Fact]
    public void Turns_go_on_from_one_block_to_the_next()
    {
        var (alices, bobs) = (_senders.Some(3, Alice), _senders.Some(3, Bob));
        _pool.Fill([.. alices, .. bobs]);

        Assert.Equal([alices[0]], _pool.Take(1, int.MaxValue));
        Assert.Equal([bobs[0]], _pool.Take(1, int.MaxValue));
        Assert.Equal([alices[1], bobs[1]], _pool.Take(2, int.MaxValue));
    }

    [Fact]
    public void A_sender_that_had_run_dry_waits_for_its_turn()
    {
        var alices = _senders.Some(3, Alice);
        var (first, second) = (_senders.From(Bob), _senders.From(Bob));
        _pool.Fill([.. alices, first]);
        Assert.Equal([alices[0], first], _pool.Take(2, int.MaxValue));

        _pool.Fill(second);

        Assert.Equal([alices[1], second, alices[2]], _pool.TakeAll());
    }

    [Fact]
    public void A_block_takes_no_more_bytes_than_it_may()
    {
        var transactions = _senders.From(Alice, 1000, 1000, 1000);
        _pool.Fill(transactions);
        var two = transactions[0].Encoded.Length + transactions[1].Encoded.Length;

        Assert.Equal(transactions[..1], _pool.Take(10, two - 1));
        Assert.Equal(transactions[1..], _pool.Take(10, two));
        Assert.Empty(_pool.TakeAll());
    }

    [Fact]
    public void One_transaction_larger_than_a_block_may_be_is_packed_alone()
    {
        var (large, small) = (_senders.From(Alice, 60_000), _senders.From(Bob));
        _pool.Fill(large, small);

        Assert.Equal([large], _pool.Take(10, 1000));
        Assert.Equal([small], _pool.Take(10, 1000));
    }

    [Fact]
    public void What_another_proposer_packed_is_not_packed_again()
    {
        var transactions = _senders.Some(3, Alice);
        _pool.Fill(transactions);

        _pool.SetAside([transactions[1], _senders.From(Bob)]);
        _pool.SetAside([transactions[1]]);

        Assert.Equal(2, _pool.Ready);
        Assert.Equal([transactions[0], transactions[2]], _pool.TakeAll());
        Assert.Equal(0, _pool.Ready);
    }

    [Fact]
    public void What_was_set_aside_waits_again_in_the_order_of_admission()
    {
        var (alices, bobs) = (_senders.Some(3, Alice), _senders.Some(2, Bob));
        _pool.Fill(alices[0], bobs[0], alices[1], bobs[1], alices[2]);
        _pool.SetAside([alices[2], bobs[0]]);
        _pool.Take(2, int.MaxValue);

        _pool.ReleaseAll();

        Assert.Equal(5, _pool.Ready);
        Assert.Equal([alices[0], bobs[0], alices[1], bobs[1], alices[2]], _pool.TakeAll());
    }

    [Fact]
    public void What_is_final_does_not_come_back()
    {
        var transactions = _senders.Some(3, Alice);
        _pool.Fill(transactions);
        _pool.Take(2, int.MaxValue);
        _pool.Finalise(transactions[0], transactions[2]);

        _pool.ReleaseAll();

        Assert.Equal([transactions[1]], _pool.TakeAll());
    }

    [Fact]
    public void The_oldest_come_first_packed_or_not()
    {
        var (alices, bob) = (_senders.Some(2, Alice), _senders.From(Bob));
        _pool.Fill(alices[0], bob, alices[1]);
        _pool.Take(2, int.MaxValue);

        Assert.Equal([alices[0], bob], _pool.Oldest(2));
        Assert.Equal([alices[0], bob, alices[1]], _pool.Oldest(100));
        Assert.Empty(_pool.Oldest(0));
    }
}
