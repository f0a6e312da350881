using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests;

public sealed class LedgerStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_store_is_empty()
    {
        using var store = Open();

        Assert.Null(store.Head);
        Assert.Null(store.HeadHash);
        Assert.Empty(store.RecentHashes(10));
        Assert.Empty(store.ReadStateRange([]));
        Assert.Null(store.ReadBlock(Height.Genesis));
        Assert.False(store.TryRead([0], out _));
    }

    [Fact]
    public void Everything_of_every_block_comes_back_before_and_after_reopening()
    {
        Digest? hash;
        using (var store = Open())
        {
            SampleChain.Grow(store, 10);
            hash = store.HeadHash;
            Assert.Equal(store.Head!.ComputeHash(), hash);
        }

        SampleChain.AssertWhole(_folder.Path, 9);
        using var reopened = Open();
        Assert.Equal(hash, reopened.HeadHash);
    }

    [Fact]
    public void Blocks_of_one_append_are_as_good_as_blocks_of_many()
    {
        using (var store = Open())
        {
            SampleChain.Grow(store, 3);
            store.Append(SampleChain.After(store, 7));
            store.Append([]);
        }

        SampleChain.AssertWhole(_folder.Path, 9);
    }

    [Fact]
    public void A_block_is_read_back_as_the_very_bytes_that_were_written()
    {
        using var store = Open();
        SampleChain.Grow(store, 2);
        var block = SampleChain.After(store).Block;

        store.Append([SampleChain.After(store)]);

        Assert.Equal(block.Encoded.ToArray(), store.ReadBlockBytes(new(2)));
    }

    [Fact]
    public void Receipts_keep_their_order_and_reasons()
    {
        using var store = Open();
        SampleChain.Grow(store, 2);

        Assert.Equal(FailureReason.None, store.ReadReceipt(new(1), 0)!.Failure);
        Assert.Equal(new(SampleChain.TransactionAt(new(1), 2).Hash, FailureReason.NotPermitted, 2),
            store.ReadReceipt(new(1), 2));
        Assert.Equal(SampleChain.TransactionsPerBlock, store.ReadReceipts(new(1))!.Count);
        Assert.Empty(store.ReadReceipts(Height.Genesis)!);
        Assert.Null(store.ReadReceipts(new(2)));
        Assert.Null(store.ReadReceipt(new(1), SampleChain.TransactionsPerBlock));
        Assert.Null(store.ReadReceipt(new(1), -1));
        Assert.Null(store.ReadReceipt(new(2), 0));
    }

    [Fact]
    public void Only_transactions_of_final_blocks_are_held()
    {
        using var store = Open();
        SampleChain.Grow(store, 2);

        Assert.True(store.HoldsTransaction(SampleChain.TransactionAt(new(1), 2).Hash));
        Assert.False(store.HoldsTransaction(SampleChain.TransactionAt(new(2), 0).Hash));
        Assert.Null(store.FindTransaction(SampleChain.TransactionAt(new(2), 0).Hash));
        Assert.Null(store.FindBlock(Sample.DigestOf(77)));
    }

    [Fact]
    public void Recent_hashes_ascend_to_the_head()
    {
        using var store = Open();
        SampleChain.Grow(store, 6);

        var hashes = store.RecentHashes(4);

        Assert.Equal([new(2), new(3), new(4), new(5)], hashes.Select(hash => store.FindBlock(hash)!.Value));
        Assert.Equal(store.HeadHash, hashes[^1]);
        Assert.Equal(6, store.RecentHashes(100).Count);
        Assert.Empty(store.RecentHashes(0));
    }

    [Fact]
    public void History_tells_every_version_and_removal_newest_first()
    {
        using var store = Open();
        SampleChain.Grow(store, 5);

        var counter = store.ReadHistory(SampleChain.Counter, 3);
        var removed = store.ReadHistory(SampleChain.KeyOf(new(1)), 10);

        Assert.Equal([new(4), new(3), new Height(2)], counter.Select(version => version.Height));
        Assert.Equal(SampleChain.ValueOf(new(4)), counter[0].Value);
        Assert.Equal([new(2), new Height(1)], removed.Select(version => version.Height));
        Assert.Null(removed[0].Value);
        Assert.Equal(SampleChain.ValueOf(new(1)), removed[1].Value);
        Assert.Empty(store.ReadHistory("count"u8, 10));

        // A byte each and its own: how much is read is bounded, and the newest is always there.
        Assert.Single(store.ReadHistory(SampleChain.Counter, 3, bytesMax: 0));
        Assert.InRange(store.ReadHistory(SampleChain.Counter, 3, bytesMax: 5).Count, 1, 2);
    }

    [Fact]
    public void The_history_of_a_key_is_not_that_of_a_key_which_begins_like_it()
    {
        using var store = Open();
        var genesis = SampleChain.After(store);
        byte[] longer = [.. SampleChain.Counter, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        store.Append([genesis with { Writes = [.. genesis.Writes, new(longer, [1])] }]);

        var counter = Assert.Single(store.ReadHistory(SampleChain.Counter, 9));
        Assert.Equal(SampleChain.ValueOf(Height.Genesis), counter.Value);
        Assert.Equal([1], Assert.Single(store.ReadHistory(longer, 9)).Value);
    }

    [Fact]
    public void A_range_holds_the_keys_with_its_prefix_and_no_others()
    {
        using var store = Open();
        var genesis = SampleChain.After(store);
        StateWrite[] writes =
            [new([1], [1]), new([1, 0], [2]), new([1, 255], [3]), new([2], [4]), new([254], [])];
        store.Append([genesis with { Writes = writes }]);

        Assert.Equal([[1], [2], [3]], store.ReadStateRange([1]).Select(entry => entry.Value));
        Assert.Equal([[]], store.ReadStateRange([254]).Select(entry => entry.Value));
        Assert.Empty(store.ReadStateRange([3]));
        Assert.Equal(5, store.ReadStateRange([]).Count());
    }

    [Fact]
    public void An_append_that_fails_a_check_changes_nothing()
    {
        using var store = Open();
        SampleChain.Grow(store, 2);
        var next = SampleChain.After(store, 3);

        Assert.Throws<InvariantBrokenException>(() => store.Append([next[0], next[2]]));
        Assert.Throws<InvariantBrokenException>(() => store.Append([next[1]]));
        Assert.Throws<InvariantBrokenException>(() => store.Append([next[0] with { Receipts = [] }]));
        Assert.Equal(new(1), store.Head!.Height);
        Assert.Null(store.ReadBlock(new(2)));
        Assert.Equal(SampleChain.ValueOf(new(1)), store.ReadState(SampleChain.Counter));

        store.Append(next);
        Assert.Equal(new(4), store.Head!.Height);
    }

    [Fact]
    public void A_block_whose_parent_is_another_is_refused()
    {
        using var store = Open();
        SampleChain.Grow(store, 2);
        var next = SampleChain.After(store);
        var stranger = new Block(
            next.Block.Header with { Parent = Sample.DigestOf(5) }, next.Block.Transactions);

        Assert.Throws<InvariantBrokenException>(() => store.Append([next with { Block = stranger }]));
    }

    [Fact]
    public void A_snapshot_sees_one_moment_whatever_is_appended()
    {
        using var store = Open();
        SampleChain.Grow(store, 3);
        using var snapshot = store.Snapshot();
        SampleChain.Grow(store, 3);

        Assert.Equal(new(2), snapshot.Head!.Height);
        Assert.Equal(SampleChain.ValueOf(new(2)), snapshot.ReadState(SampleChain.Counter));
        Assert.False(snapshot.HoldsTransaction(SampleChain.TransactionAt(new(3), 0).Hash));
        Assert.Equal(2, snapshot.ReadStateRange([]).Count());
        var proof = StateTree.Open(snapshot, snapshot.Head.StateRoot).Prove(Sha256.Hash(SampleChain.Counter));
        Assert.True(proof.Verify(
            snapshot.Head.StateRoot, Sha256.Hash(SampleChain.Counter),
            Sha256.Hash(SampleChain.ValueOf(new(2)))));
    }

    [Fact]
    public void A_store_that_is_closed_under_a_snapshot_stays_until_the_snapshot_leaves()
    {
        var store = Open();
        SampleChain.Grow(store, 2);
        var snapshot = store.Snapshot();
        using var range = store.ReadStateRange([]).GetEnumerator();
        Assert.True(range.MoveNext());

        store.Dispose();

        Assert.Equal(SampleChain.ValueOf(new(1)), snapshot.ReadState(SampleChain.Counter));
        Assert.True(range.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => store.ReadState(SampleChain.Counter));
        Assert.Throws<ObjectDisposedException>(store.Snapshot);
        range.Dispose();
        snapshot.Dispose();
        Assert.Throws<ObjectDisposedException>(() => snapshot.ReadState(SampleChain.Counter));
        Open().Dispose();
    }

    [Fact]
    public async Task Readers_on_other_threads_see_whole_blocks_and_survive_the_end()
    {
        var store = Open();
        SampleChain.Grow(store, 1);
        using var reading = new CountdownEvent(4);
        var readers = Enumerable.Range(0, reading.InitialCount)
            .Select(_ => Task.Run(() => ReadUntilClosed(store, reading))).ToArray();

        reading.Wait();
        SampleChain.Grow(store, 60);
        store.Dispose();

        await Task.WhenAll(readers);
    }

    [Fact]
    public void Sizes_are_told_for_every_column_family()
    {
        using var store = Open();
        SampleChain.Grow(store, 20);

        var sizes = store.SizeByFamily();

        Assert.Equal(
            ["block_heights", "blocks", "certificates", "headers", "history", "meta", "receipts", "state",
                "state_tree",
                "transactions"],
            sizes.Keys.Order(StringComparer.Ordinal));
        Assert.True(sizes["blocks"] > 19 * 3 * 8 * 1024);
        Assert.All(sizes.Values, size => Assert.True(size > 0));
    }

    [Fact]
    public void Another_genesis_or_chain_is_refused()
    {
        Open().Dispose();

        var genesis = Assert.Throws<DataFolderException>(
            () => LedgerStore.Open(_folder.Path, Sample.DigestOf(2), Sample.ChainId, StorageOptions.Default));
        var chain = Assert.Throws<DataFolderException>(
            () => LedgerStore.Open(_folder.Path, Sample.Genesis, "other", StorageOptions.Default));

        Assert.Contains(Sample.DigestOf(2).ToString(), genesis.Message, StringComparison.Ordinal);
        Assert.Contains(Sample.Genesis.ToString(), genesis.Message, StringComparison.Ordinal);
        Assert.Contains("chain other", chain.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_opener_is_refused()
    {
        using var first = Open();

        var refused = Assert.Throws<DataFolderException>(Open);

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    private LedgerStore Open()
        => LedgerStore.Open(_folder.Path, Sample.Genesis, Sample.ChainId, StorageOptions.Default);

    private static void ReadUntilClosed(LedgerStore store, CountdownEvent reading)
    {
        for (var turn = 0; ; turn++)
        {
            try
            {
                using var snapshot = store.Snapshot();
                var head = snapshot.Head!.Height;
                Assert.Equal(SampleChain.ValueOf(head), snapshot.ReadState(SampleChain.Counter));
                Assert.Equal(SampleChain.ValueOf(head), snapshot.ReadState(SampleChain.KeyOf(head)));
                Assert.NotNull(store.ReadBlock(head));
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            if (turn == 0)
            {
                reading.Signal();
            }
        }
    }
}
