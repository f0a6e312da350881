using static Ledger.Core.Tests.Mempool.Senders;

namespace Ledger.Core.Tests.Mempool;

/// <summary>What the pool takes in, and what it turns away.</summary>
public sealed class PoolBoundsTests
{
    private readonly Senders _senders = new();

    [Fact]
    public void A_full_pool_takes_in_no_more()
    {
        TransactionPool pool = new(new(2, 1_000_000, 100));
        pool.Fill(_senders.From(Alice), _senders.From(Bob));

        Assert.Equal(AdmitResult.Full, pool.Offer(_senders.From(Carol)));
        Assert.Equal(2, pool.Count);
        Assert.Equal(2, pool.Ready);
    }

    [Fact]
    public void Bytes_are_bounded_to_the_last_one()
    {
        var first = _senders.From(Alice, 500);
        var second = _senders.From(Bob, 500);
        var bytes = first.Encoded.Length + second.Encoded.Length;

        TransactionPool exact = new(new(100, bytes, 100));
        exact.Fill(first, second);
        Assert.Equal(bytes, exact.Bytes);

        TransactionPool tooSmall = new(new(100, bytes - 1, 100));
        tooSmall.Fill(first);
        Assert.Equal(AdmitResult.Full, tooSmall.Offer(second));
        Assert.Equal(first.Encoded.Length, tooSmall.Bytes);
    }

    [Fact]
    public void A_senders_bytes_come_back_with_each_that_is_final()
    {
        var transactions = _senders.From(Alice, 500, 500, 500);
        TransactionPool pool = new(new(100, transactions[0].Encoded.Length * 2, 100));
        pool.Fill(transactions[..2]);
        Assert.NotEqual(AdmitResult.Added, pool.Offer(transactions[2]));

        pool.Finalise(transactions[0]);

        Assert.Equal(AdmitResult.Added, pool.Offer(transactions[2]));
    }

    [Fact]
    public void What_is_set_aside_still_takes_room()
    {
        TransactionPool pool = new(new(2, 1_000_000, 100));
        pool.Fill(_senders.Some(2, Alice));

        pool.TakeAll();

        Assert.Equal(0, pool.Ready);
        Assert.Equal(2, pool.Count);
        Assert.Equal(AdmitResult.Full, pool.Offer(_senders.From(Bob)));
    }

    [Fact]
    public void A_sender_fills_its_own_share_and_leaves_the_rest()
    {
        TransactionPool pool = new(new(10, 1_000_000, 30));
        pool.Fill(_senders.Some(3, Alice));

        Assert.Equal(AdmitResult.SenderShareFull, pool.Offer(_senders.From(Alice)));
        Assert.Equal(AdmitResult.Added, pool.Offer(_senders.From(Bob)));
    }

    [Fact]
    public void A_senders_share_counts_bytes_as_well()
    {
        var transactions = _senders.From(Alice, 1000, 1000);
        var share = transactions.Sum(transaction => transaction.Encoded.Length);

        TransactionPool exact = new(new(100, share * 2, 50));
        exact.Fill(transactions);

        TransactionPool tooSmall = new(new(100, (share * 2) - 2, 50));
        tooSmall.Fill(transactions[0]);
        Assert.Equal(AdmitResult.SenderShareFull, tooSmall.Offer(transactions[1]));
        Assert.Equal(AdmitResult.Added, tooSmall.Offer(_senders.From(Bob, 1000)));
    }

    [Fact]
    public void However_small_its_share_a_sender_may_have_one_waiting()
    {
        TransactionPool pool = new(new(50, 1_000_000, 1));

        Assert.Equal(AdmitResult.Added, pool.Offer(_senders.From(Alice)));
        Assert.Equal(AdmitResult.SenderShareFull, pool.Offer(_senders.From(Alice)));
    }

    [Fact]
    public void Room_and_share_come_back_when_a_transaction_is_final()
    {
        TransactionPool pool = new(new(2, 1_000_000, 50));
        var (first, second) = (_senders.From(Alice), _senders.From(Bob));
        pool.Fill(first, second);

        pool.Finalise(first);

        Assert.Equal(second.Encoded.Length, pool.Bytes);
        Assert.Equal(AdmitResult.SenderShareFull, pool.Offer(_senders.From(Bob)));
        Assert.Equal(AdmitResult.Added, pool.Offer(_senders.From(Alice)));
    }

    [Fact]
    public void What_waits_is_a_duplicate_even_in_a_full_pool()
    {
        TransactionPool pool = new(new(1, 1_000_000, 100));
        var transaction = _senders.From(Alice);
        pool.Fill(transaction);

        Assert.Equal(AdmitResult.Duplicate, pool.Offer(transaction));
        pool.TakeAll();
        Assert.Equal(AdmitResult.Duplicate, pool.Offer(transaction));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void Another_signature_under_the_same_body_is_the_same_transaction_but_not_known_good()
    {
        TransactionPool pool = new(MempoolLimits.Default);
        var transaction = _senders.From(Alice);
        var encoded = Transaction.EncodeSigned(transaction.Body, Alice.Sign([1]));
        Assert.True(Transaction.TryDecode(encoded, out var forged, out _));
        pool.Fill(transaction);

        Assert.Equal(AdmitResult.Duplicate, pool.Offer(forged));
        Assert.True(pool.IsKnownGood(transaction));
        Assert.False(pool.IsKnownGood(forged));
        Assert.False(pool.IsKnownGood(_senders.From(Bob)));
    }

    [Fact]
    public void What_has_expired_is_not_taken_in()
    {
        TransactionPool pool = new(MempoolLimits.Default);

        Assert.Equal(
            AdmitResult.Expired, pool.Offer(_senders.From(Alice, validFor: TimeSpan.FromMilliseconds(-1))));
        Assert.Equal(AdmitResult.Added, pool.Offer(_senders.From(Alice, validFor: TimeSpan.Zero)));
    }

    [Fact]
    public void What_expires_while_it_waits_is_dropped_wherever_it_is()
    {
        TransactionPool pool = new(MempoolLimits.Default);
        var soon = TimeSpan.FromSeconds(1);
        var (packed, waiting) = (_senders.From(Alice, validFor: soon), _senders.From(Bob, validFor: soon));
        var stays = _senders.From(Alice);
        pool.Fill(packed, waiting, stays);
        pool.SetAside([packed]);

        Assert.Equal(0, pool.DropExpired(Now.Plus(soon)));
        Assert.Equal(2, pool.DropExpired(Now.Plus(soon).Plus(TimeSpan.FromMilliseconds(1))));

        Assert.Equal([stays], pool.Oldest(10));
        Assert.Equal(stays.Encoded.Length, pool.Bytes);
        Assert.Equal([stays], pool.TakeAll());
    }

    [Fact]
    public void Judging_takes_nothing_in()
    {
        TransactionPool pool = new(MempoolLimits.Default);
        var transaction = _senders.From(Alice);

        Assert.Equal(AdmitResult.Added, pool.Judge(transaction, Now));
        Assert.False(pool.Contains(transaction.Hash));
        Assert.Equal(AdmitResult.Added, pool.Judge(transaction, Now));
    }

    [Fact]
    public void What_became_final_is_not_taken_in_again_whether_it_waited_here_or_not()
    {
        TransactionPool pool = new(MempoolLimits.Default);
        var (ours, anothers) = (_senders.From(Alice), _senders.From(Bob));
        pool.Fill(ours);

        pool.Finalise(ours, anothers);

        Assert.Equal(AdmitResult.AlreadyFinal, pool.Offer(ours));
        Assert.Equal(AdmitResult.AlreadyFinal, pool.Offer(anothers));
        Assert.Equal(0, pool.Count);
        Assert.Equal(2UL, pool.Finalised);
    }

    /// <summary>
    /// The bound that admission relies on: it asks the store again once more than these became final.
    /// </summary>
    [Fact]
    public void Exactly_the_last_final_ones_are_remembered()
    {
        TransactionPool pool = new(MempoolLimits.Default);
        var final = _senders.Some(TransactionPool.RecentMax + 1, Alice);

        pool.Finalise(final[..^1]);
        Assert.Equal(AdmitResult.AlreadyFinal, pool.Judge(final[0], Now));

        pool.Finalise(final[^1]);
        Assert.Equal(AdmitResult.Added, pool.Judge(final[0], Now));
        Assert.Equal(AdmitResult.AlreadyFinal, pool.Judge(final[1], Now));
        Assert.Equal(AdmitResult.AlreadyFinal, pool.Judge(final[^1], Now));
    }
}
