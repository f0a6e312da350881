using Ledger.Core;
using Ledger.Node.Mempool;

namespace Ledger.Node.Tests.Mempool;

/// <summary>What the pool tells those who listen to it.</summary>
public sealed class SharedPoolTests
{
    private readonly ManualClock _clock = new();
    private readonly SharedPool _pool;
    private readonly List<bool> _pending = [];
    private readonly List<TimeSpan> _finality = [];
    private int _rings;

    public SharedPoolTests() => _pool = new(new(3, 1_000_000, 100), _clock)
    {
        OnReady = () => _rings++,
        OnPending = _pending.Add,
        OnFinality = _finality.Add,
    };

    [Fact]
    public void Each_transaction_that_is_taken_in_rings()
    {
        var transaction = Keys.Put(_clock);

        _pool.TryAdd(transaction);
        _pool.TryAdd(Keys.Put(_clock));

        Assert.Equal(2, _rings);
        Assert.Equal(AdmitResult.Duplicate, _pool.TryAdd(transaction));
        Assert.Equal(2, _rings);
    }

    [Fact]
    public void What_is_turned_away_neither_rings_nor_pends()
    {
        var expired = Keys.Sign(new Timestamp(0), Keys.Writer, new Operation.Delete("open", "k"));

        Assert.Equal(AdmitResult.Expired, _pool.TryAdd(expired));

        Assert.Equal(0, _rings);
        Assert.Empty(_pending);
    }

    [Fact]
    public void What_waits_again_rings()
    {
        _pool.TryAdd(Keys.Put(_clock));
        _pool.Take(1, int.MaxValue);
        _rings = 0;

        _pool.ReleaseAll();

        Assert.Equal(1, _rings);
        Assert.Equal(1, _pool.Ready);
    }

    [Fact]
    public void Only_the_first_and_the_last_are_told_to_consensus()
    {
        var (first, second) = (Keys.Put(_clock), Keys.Put(_clock));
        _pool.TryAdd(first);
        _pool.TryAdd(second);
        Assert.Equal([true], _pending);

        _pool.Remove([first]);
        Assert.Equal([true], _pending);

        _pool.Remove([second]);
        Assert.Equal([true, false], _pending);
    }

    [Fact]
    public void What_is_packed_still_pends()
    {
        var transaction = Keys.Put(_clock);
        _pool.TryAdd(transaction);

        _pool.Take(1, int.MaxValue);
        _pool.DropExpired();

        Assert.Equal([true], _pending);
    }

    [Fact]
    public void Removing_from_an_empty_pool_tells_nothing()
    {
        _pool.Remove([Keys.Put(_clock)]);
        _pool.DropExpired();

        Assert.Empty(_pending);
        Assert.Empty(_finality);
        Assert.Equal(1UL, _pool.Finalised);
    }

    [Fact]
    public void The_pool_that_expiry_empties_is_told_so()
    {
        _pool.TryAdd(Keys.Put(_clock));

        _clock.Advance(3600);
        _pool.DropExpired();
        Assert.Equal([true], _pending);

        _clock.Advance(0.001);
        _pool.DropExpired();
        Assert.Equal([true, false], _pending);
        Assert.Empty(_finality);
    }

    [Fact]
    public void The_time_to_finality_is_told_for_what_was_admitted_here()
    {
        var transaction = Keys.Put(_clock);
        _clock.Advance(5);
        _pool.TryAdd(transaction);
        _clock.Advance(0.25);

        _pool.Remove([Keys.Put(_clock), transaction]);

        Assert.Equal([TimeSpan.FromSeconds(0.25)], _finality);
    }

    [Fact]
    public void Unknown_are_those_whose_very_signature_was_not_checked_here()
    {
        var (known, forged, foreign) = (Keys.Put(_clock), Keys.Forged(Keys.Put(_clock)), Keys.Put(_clock));
        _pool.TryAdd(known);

        Assert.Equal([forged, foreign], _pool.Unknown([forged, known, foreign]));
        Assert.Equal([Keys.Forged(known).Hash], _pool.Unknown([Keys.Forged(known)]).Select(t => t.Hash));
    }
}
