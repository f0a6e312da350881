using Ledger.Core;

namespace Ledger.Storage.Tests.Snapshots;

/// <summary>A restore that is cut off, refused, without room, or done by all cores at once.</summary>
public sealed class SnapshotRestoreTests : IDisposable
{
    /// <summary>For an empty database and some of the chunks.</summary>
    private const int EnoughToBegin = 1_500_000;

    private readonly SnapshotChain _chain = new();

    public SnapshotRestoreTests() => _chain.GrowLarge();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void The_mark_that_a_ledger_is_whole_stands_before_the_exchange_begins()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        var obstacle = Path.Combine(folder.Root, "ledger");
        File.WriteAllText(obstacle, "in the way");
        Assert.ThrowsAny<IOException>(() => _chain.RestoreAll(snapshot, folder.Root));

        File.Delete(obstacle);
        IncomingLedger.Settle(folder.Root);

        using var store = Open(folder);
        Assert.Equal(_chain.Store.HeadHash, store.HeadHash);
    }

    [Fact]
    public void Half_of_a_ledger_is_neither_put_in_place_nor_finished()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using (var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest))
        {
            for (var i = 1; i < snapshot.Manifest.ChunkCount; i++)
            {
                Assert.Null(restore.Accept(i, snapshot.ReadChunk(i)));
            }

            Assert.Throws<InvariantBrokenException>(restore.Finish);
        }

        IncomingLedger.Settle(folder.Root);
        Assert.False(Directory.Exists(Path.Combine(folder.Root, "ledger")));
        using var store = Open(folder);
        Assert.Null(store.Head);
    }

    [Fact]
    public void All_cores_restore_what_one_does_and_a_chunk_that_came_twice_does_no_harm()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using (var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest))
        {
            var twice = restore.Prepare(snapshot.Manifest.ChunkCount
                - 1, snapshot.ReadChunk(snapshot.Manifest.ChunkCount - 1), out _);
            restore.AcceptAll(
                snapshot.ReadChunk, (_, fault) => Assert.Fail(fault), ()
                    =>
                { }, TestContext.Current.CancellationToken);
            restore.Keep(twice!);
            Assert.Equal(snapshot.Manifest.ChunkCount, restore.DoneCount);
            restore.Finish();
        }

        using var store = Open(folder);
        using var state = store.Snapshot();
        var again = new SnapshotWriter(_chain.Genesis, state, TestContext.Current.CancellationToken)
            .Write(_chain.PathOf("b.snapshot"), _chain.HeadFinality);
        Assert.Equal(snapshot.Manifest.ContentHash(), again.ContentHash());
    }

    [Fact]
    public void One_false_chunk_ends_a_restore_on_all_cores_and_is_named()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest);
        var place = Enumerable.Range(2, snapshot.Manifest.State.Count - 1)
            .First(i => snapshot.Manifest.ChunkAt(i) != snapshot.Manifest.ChunkAt(1));

        var failure = Assert.Throws<SnapshotException>(() => restore.AcceptAll(
            index => snapshot.ReadChunk(index == place ? 1 : index),
                (index, fault) => throw new SnapshotException($"{index}: {fault}"),
            () => { }, TestContext.Current.CancellationToken));

        Assert.StartsWith($"{place}: its entries do not hash", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_in_the_middle_of_a_restore_is_named_and_the_restore_goes_on_with_more_space()
    {
        using var disk = SmallDisk.TryMount(_chain.PathOf("disk"));
        if (disk is null)
        {
            return;
        }

        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        var root = Path.Combine(disk.Path, "data");
        using var folder = DataFolder.Open(root, _chain.Genesis.ChainId, _chain.Genesis.Hash);
        disk.Fill();
        var ballast = Path.Combine(disk.Path, "ballast");
        using (var file = File.OpenWrite(ballast))
        {
            file.SetLength(file.Length - EnoughToBegin);
        }

        var failure = Assert.ThrowsAny<Exception>(() => _chain.RestoreAll(snapshot, root));
        Assert.Contains("space", failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(Path.Combine(root, "ledger")));
        File.Delete(ballast);
        disk.Grow();
        _chain.RestoreAll(snapshot, root);
        using var store = Open(folder);
        Assert.Equal(_chain.Store.HeadHash, store.HeadHash);
    }

    [Fact]
    public void A_restore_goes_on_where_it_was()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        var root = _chain.PathOf("restored");
        using var folder = DataFolder.Open(root, _chain.Genesis.ChainId, _chain.Genesis.Hash);
        for (var i = 0; i < snapshot.Manifest.ChunkCount; i++)
        {
            using var restore = SnapshotRestore.Begin(root, _chain.Genesis, snapshot.Manifest);
            Assert.Equal(i, restore.DoneCount);
            Assert.Null(
                restore.Accept(
                    snapshot.Manifest.ChunkCount - 1 - i,
                    snapshot.ReadChunk(snapshot.Manifest.ChunkCount - 1 - i)));
        }

        using (var restore = SnapshotRestore.Begin(root, _chain.Genesis, snapshot.Manifest))
        {
            restore.Finish();
        }

        using var store = Open(folder);
        Assert.Equal(_chain.Store.HeadHash, store.HeadHash);
    }

    [Fact]
    public void What_another_snapshot_left_is_not_gone_on_with()
    {
        using var old = SnapshotFile.Open(_chain.Snapshot());
        _chain.Grow(_chain.Put("small", "more", [1]));
        using var newer = SnapshotFile.Open(_chain.Snapshot("b.snapshot"));
        var root = _chain.PathOf("restored");
        using var folder = DataFolder.Open(root, _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using (var restore = SnapshotRestore.Begin(root, _chain.Genesis, old.Manifest))
        {
            restore.Accept(0, old.ReadChunk(0));
        }

        using var again = SnapshotRestore.Begin(root, _chain.Genesis, newer.Manifest);

        Assert.Equal(0, again.DoneCount);
    }

    /// <summary>
    /// Places of transactions wait for more of them: a restore that is closed in order writes what waits.
    /// </summary>
    [Fact]
    public void A_run_of_history_that_waits_for_more_is_there_when_the_restore_goes_on()
    {
        List<Transaction> early =
        [
            .. Enumerable.Range(0, SnapshotLimits.HistoryChunkReceipts)
                .Select(i => _chain.Put("many", $"{i}", [1])),
        ];
        foreach (var some in early.Chunk(Limits.BlockTransactions))
        {
            _chain.Grow(some);
        }

        var late = _chain.Put("many", "late", [1]);
        _chain.Grow(late);
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        Assert.Equal(2, snapshot.Manifest.History.Count);
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using (var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest))
        {
            Assert.Null(restore.Accept(0, snapshot.ReadChunk(0)));
        }

        using (var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest))
        {
            Assert.True(restore.IsDone(0));
        }

        _chain.RestoreAll(snapshot, folder.Root);
        using var store = Open(folder);
        foreach (var transaction in (Transaction[])[early[0], early[^1], late])
        {
            Assert.Equal(
                _chain.Store.FindTransaction(transaction.Hash), store.FindTransaction(transaction.Hash));
        }
    }

    [Fact]
    public void A_chunk_that_is_refused_leaves_nothing()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, snapshot.Manifest);
        Assert.True(HistoryChunk.TryDecode(snapshot.ReadChunk(0), out var history, out _));
        var (header, receipts) = history.Blocks[0];
        HistoryChunk shorter = new([(header, [.. receipts.Skip(1)]), .. history.Blocks.Skip(1)]);

        Assert.Contains(
            "the receipts of block", restore.Accept(0, shorter.Encode()), StringComparison.Ordinal);
        Assert.NotNull(restore.Accept(1, snapshot.ReadChunk(0)));
        Assert.NotNull(restore.Accept(0, "no chunk"u8.ToArray()));

        Assert.Equal((0, false, false), (restore.DoneCount, restore.IsDone(0), restore.IsDone(1)));
    }

    private LedgerStore Open(DataFolder folder)
        => LedgerStore.Open(folder.Root, _chain.Genesis.Hash, _chain.Genesis.ChainId, StorageOptions.Default);
}
