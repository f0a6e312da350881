using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Hosting;
using Ledger.Node.Sync;
using Ledger.Node.Tests.Transport;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Tests.Sync;

/// <summary>
/// Which snapshots a node keeps for others, and which blocks it keeps with them: who begins with a snapshot
/// needs every block after it.
/// </summary>
public sealed class SnapshotShelfTests : ILogger<LedgerKeeper>, IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly FinalChain _chain;
    private readonly TemporaryFolder _folder = new();
    private readonly SemaphoreSlim _kept = new(0);
    private readonly SnapshotShelf _shelf;

    public SnapshotShelfTests()
    {
        _chain = new(new TestChain(4), _clock);
        _shelf = new(_folder.Path, _clock);
    }

    [Fact]
    public void The_last_two_are_kept()
    {
        Shelve(3);

        Assert.False(_shelf.Holds(new(1)));
        Assert.Equal(new(2), _shelf.Oldest);
        Assert.Equal(new(3), _shelf.Latest!.Height);
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(_shelf.PathOf(new(1)))!).Length);
    }

    [Fact]
    public void What_somebody_fetches_stays_while_others_are_made_and_goes_when_nobody_does_any_more()
    {
        Shelve(2);
        Fetch(1);
        Shelve(2);
        Assert.True(_shelf.Holds(new(1)));
        Assert.False(_shelf.Holds(new(2)));
        Assert.Equal(new(1), _shelf.Oldest);

        _clock.Advance(SnapshotShelf.UseLasts.TotalSeconds);
        Shelve(1);

        Assert.False(_shelf.Holds(new(1)));
        Assert.Equal(new(4), _shelf.Oldest);
    }

    [Fact]
    public void Who_has_fetched_one_and_catches_up_from_it_still_needs_the_blocks_after_it()
    {
        Shelve(2);
        Fetch(1);
        for (var i = 0; i < 3; i++)
        {
            _clock.Advance(SnapshotShelf.UseLasts.TotalSeconds - 1);
            _shelf.Needs(new(2));
            Shelve(1);
        }

        Assert.Equal(new(1), _shelf.Oldest);
    }

    [Fact]
    public void Who_asks_for_ever_does_not_hold_it_for_ever()
    {
        Shelve(2);
        for (var held = TimeSpan.Zero; held < SnapshotShelf.HeldAtMost; held += SnapshotShelf.UseLasts / 2)
        {
            Fetch(1);
            _clock.Advance((SnapshotShelf.UseLasts / 2).TotalSeconds);
        }

        Shelve(1);

        Assert.Equal(new(2), _shelf.Oldest);
    }

    [Fact]
    public void No_more_than_two_are_held_for_others_and_who_began_first_keeps_its_own()
    {
        Shelve(1);
        for (ulong height = 1; height <= 4; height++)
        {
            Fetch(height);
            Shelve(1);
        }

        ulong[] held = [1, 2, 4, 5];
        Assert.Equal(held, Enumerable.Range(1, 5).Select(i => (ulong)i).Where(i => _shelf.Holds(new(i))));
    }

    [Fact]
    public async Task No_block_goes_that_who_begins_with_a_kept_snapshot_still_needs()
    {
        using LedgerKeeper keeper = new(_chain.Genesis, _chain.Store, _shelf, retentionBlocks: 1, this);
        using CancellationTokenSource stop = new();
        var works = keeper.RunAsync(stop.Token);

        for (var i = 0; i < 4; i++)
        {
            _chain.Grow(10);
            keeper.Take();
            Assert.True(await _kept.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken));
        }

        await stop.CancelAsync();
        await works;

        // Of 10, 20, 30 and 40 the last two are on the shelf.
        Assert.Equal(new(31), _chain.Store.Kept.Blocks);
    }

    public void Dispose()
    {
        _shelf.Dispose();
        _chain.Dispose();
        _folder.Dispose();
        _kept.Dispose();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    /// <summary>A snapshot is made.</summary>
    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception).StartsWith("Snapshot of", StringComparison.Ordinal))
        {
            _kept.Release();
        }
    }

    /// <summary>So many more blocks, each with its snapshot.</summary>
    private void Shelve(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _chain.Grow(1);
            using var state = _chain.Store.Snapshot();
            var height = state.Head!.Height;
            new SnapshotWriter(_chain.Genesis, state, TestContext.Current.CancellationToken).Write(
                _shelf.PathOf(height),
                () => FinalityReader.Read(_chain.Genesis, _chain.Store, height, height));
            _shelf.Add(height);
        }
    }

    private void Fetch(ulong height)
        => Assert.NotEqual(0, _shelf.Read(new(height), file => file.ReadChunk(0)).Length);
}
