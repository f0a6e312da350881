using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Sync;

/// <summary>Peers that would hold up what others serve.</summary>
public sealed partial class BlockSyncTests
{
    [Fact]
    public async Task Whoever_serves_slowly_is_left_for_the_next()
    {
        _ahead.Grow(9);
        _answers[1] = request =>
        {
            _clock.Advance(1.9);
            return OneOf(Honest(request));
        };

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 2)], await QuestionsAsync(2));
    }

    /// <summary>It could go on for days, with blocks of its own making.</summary>
    [Fact]
    public async Task Whoever_serves_blocks_one_by_one_and_no_certificate_is_left_in_time()
    {
        _ahead.Grow(20);
        _answers[1] = request =>
        {
            _clock.Advance(1.9);
            return OneOf(Honest(request)) with { Certificates = [] };
        };

        await CatchUpAsync();

        Assert.Equal((2, 1), (await QuestionsAsync(7))[^1]);
    }

    [Fact]
    public async Task A_wish_that_waits_is_not_put_again_and_whoever_gave_a_block_is_asked_first()
    {
        _ahead.Grow(2);
        var (first, second) = (_ahead.Store.ReadBlock(new(2))!, _ahead.Store.ReadBlock(new(1))!);
        _answers[1] = _ => null;
        for (var i = 0; i < 5; i++)
        {
            _sync.FetchBlock(first.Hash, first.Height);
        }

        _sync.FetchBlock(second.Hash, second.Height);
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        Assert.Equal(1, (await _asked.Reader.ReadAsync(deadline.Token)).Peer);
        _clock.Advance(2);

        Assert.Equal(first.Hash, (await _running.NextAsync<Input.Fetched>()).Block.Hash);
        Assert.Equal(second.Hash, (await _running.NextAsync<Input.Fetched>()).Block.Hash);
        Assert.Equal(2, (await _asked.Reader.ReadAsync(deadline.Token)).Peer);
        var (peer, last) = await _asked.Reader.ReadAsync(deadline.Token);
        Assert.Equal((2, second.Hash), (peer, last.Hash));
    }

    /// <summary>Simulation with twins, seed 4762: in an idle network nobody says it again.</summary>
    [Fact]
    public async Task What_one_peer_has_is_not_forgotten_for_another_that_is_hardly_ahead()
    {
        _ahead.Grow(3);
        _target = new(3);
        _answers[1] = request => request.From.Value == 1 ? null : OneOf(Honest(request));
        _answers[2] = _answers[3] = request => OneOf(Honest(request));
        _sync.CatchUp(new(1), new(1));
        Assert.Equal([(1, 1)], await QuestionsAsync(1));
        _sync.CatchUp(new(3), new(2));
        _sync.CatchUp(new(2), new(1));

        _clock.Advance(2);

        await _applied.Task.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);
    }
}
