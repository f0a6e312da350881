using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Consensus;

/// <summary>Who is heard, when, and what that costs the others.</summary>
public sealed class ConsensusLoopTests : IAsyncDisposable
{
    /// <summary>What one peer may have waiting.</summary>
    private const int PeerMax = 64;

    private readonly RunningLoop _running = new(new TestChain(4));

    [Fact]
    public async Task A_chatty_peer_does_not_keep_another_waiting()
    {
        for (ulong i = 0; i < PeerMax; i++)
        {
            await OfferAsync(1, i);
        }

        await OfferAsync(2, 0);
        await OfferAsync(3, 0);

        _running.Start();

        var first = await _running.NextAsync(3);
        Assert.Contains(Word(2, 0), first);
        Assert.Contains(Word(3, 0), first);
        Assert.Contains(Word(1, 0), first);
    }

    [Fact]
    public async Task What_one_peer_says_keeps_its_order()
    {
        for (ulong i = 0; i < 20; i++)
        {
            await OfferAsync(1, i);
            await OfferAsync(2, i);
        }

        _running.Start();

        var heard = await _running.NextAsync(40);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => Word(1, (ulong)i)), heard.Where(word => IsOf(1, word)));
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => Word(2, (ulong)i)), heard.Where(word => IsOf(2, word)));
    }

    [Fact]
    public async Task A_peer_whose_queue_is_full_waits_and_nobody_else_does()
    {
        for (ulong i = 0; i < PeerMax; i++)
        {
            Assert.True(OfferAsync(1, i).IsCompletedSuccessfully);
        }

        var tooMuch = OfferAsync(1, PeerMax);
        Assert.False(tooMuch.IsCompleted);
        Assert.True(OfferAsync(2, 0).IsCompletedSuccessfully);

        _running.Start();
        await tooMuch.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);
        Assert.Contains(Word(1, PeerMax), await _running.NextAsync(PeerMax + 2));
    }

    [Fact]
    public async Task A_peers_reader_that_is_stopped_does_not_wait_for_room()
    {
        for (ulong i = 0; i < PeerMax; i++)
        {
            await OfferAsync(1, i);
        }

        using CancellationTokenSource gone = new();
        var waits = _running.Loop.OfferAsync(new(1), Word(1, PeerMax), gone.Token).AsTask();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
    }

    [Fact]
    public async Task What_comes_from_within_is_heard_first()
    {
        await OfferAsync(1, 0);
        await OfferAsync(2, 0);
        _running.Loop.Post(new Input.WorkPending(true));
        _running.Loop.Post(new Input.WorkPending(false));

        _running.Start();

        Assert.Equal(
            [new Input.WorkPending(true), new Input.WorkPending(false)], await _running.NextAsync(2));
    }

    [Fact]
    public async Task A_turn_is_bounded_and_the_rest_comes_in_the_next()
    {
        for (var i = 0; i < 300; i++)
        {
            _running.Loop.Post(new Input.WorkPending(true));
        }

        await OfferAsync(1, 0);
        _running.Start();

        await _running.NextAsync(301);
        Assert.Equal(256, await _running.Turns.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(45, await _running.Turns.Reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_idle_loop_has_kept_nothing_waiting()
    {
        _running.Start();
        _running.Loop.Post(new Input.WorkPending(true));
        await _running.NextAsync();

        Assert.True(
            SpinWait.SpinUntil(() => _running.Loop.SinceLastTurn == TimeSpan.Zero, TestChain.Deadline),
            "an idle loop looks stuck");
    }

    [Fact]
    public async Task A_turn_that_does_not_end_is_seen()
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim release = new();
        _running.OnInput = _ =>
        {
            entered.Set();
            release.Wait(TestChain.Deadline);
        };
        _running.Start();
        _running.Loop.Post(new Input.WorkPending(true));
        Assert.True(entered.Wait(TestChain.Deadline, TestContext.Current.CancellationToken));

        var first = _running.Loop.SinceLastTurn;
        Assert.True(SpinWait.SpinUntil(() => _running.Loop.SinceLastTurn > first, TestChain.Deadline));
        Assert.True(first > TimeSpan.Zero);

        release.Set();
        await _running.NextAsync();
    }

    [Fact]
    public void Work_that_no_thread_takes_up_is_seen()
    {
        _running.Loop.Post(new Input.WorkPending(true));

        Assert.True(_running.Loop.SinceLastTurn > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_stop_is_not_a_failure()
    {
        _running.Start();
        _running.Loop.Post(new Input.WorkPending(true));
        await _running.NextAsync();

        await _running.StopAsync();

        await _running.Ended.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_turn_that_fails_ends_the_loop()
    {
        _running.OnInput = _ => throw new IOException("the journal cannot be written");
        _running.Start();
        _running.Loop.Post(new Input.WorkPending(true));

        var failure = await Assert.ThrowsAsync<IOException>(
            () => _running.Ended.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken));
        Assert.Equal("the journal cannot be written", failure.Message);
    }

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    /// <summary>
    /// Any input that says whose it is and which; the engine of these tests takes no notice of what it means.
    /// </summary>
    private static Input.SnapshotReceived Word(int peer, ulong number) => new(new((ulong)peer), number);

    private static bool IsOf(int peer, Input word)
        => word is Input.SnapshotReceived { Height.Value: var from } && from == (ulong)peer;

    private Task OfferAsync(int peer, ulong number)
        => _running.Loop.OfferAsync(new ValidatorIndex(peer), Word(peer, number), CancellationToken.None)
            .AsTask();
}
