using RocksDbSharp;

namespace Ledger.Compat.Tests;

/// <summary>RocksDB through our stand-in: whatever the order of closing, the process lives on.</summary>
public sealed class RocksDbTests : IDisposable
{
    private static readonly byte[] Key = [1];
    private static readonly byte[] Value = [7, 8];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Compaction_takes_what_was_deleted_off_the_disk()
    {
        using var db = RocksDb.Open(new DbOptions().SetCreateIfMissing(true), _folder.Path);
        var noise = new byte[100_000];
        for (var i = 0; i < 100; i++)
        {
            Random.Shared.NextBytes(noise);
            db.Put([(byte)i], noise);
        }

        db.CompactRange((byte[]?)null, null);
        var before = Tables();
        for (var i = 0; i < 100; i++)
        {
            db.Remove([(byte)i]);
        }

        db.CompactRange((byte[]?)null, null);

        Assert.True(before > 9_000_000, $"{before}");
        Assert.True(Tables() < 100_000, $"{Tables()}");

        long Tables() => new DirectoryInfo(_folder.Path).EnumerateFiles("*.sst").Sum(file => file.Length);
    }

    [Fact]
    public void What_was_put_is_found_until_it_is_removed_also_after_reopening()
    {
        using (var db = Open())
        {
            var blocks = db.GetColumnFamily("blocks");
            db.Put(Key, Value);
            db.Put(Key, [9], blocks);
            db.Put([2], [], blocks);
        }

        using var again = Open();
        var family = again.GetColumnFamily("blocks");
        Assert.Equal(Value, again.Get(Key));
        Assert.Equal([9], again.Get(Key.AsSpan(), family)!);
        Assert.Equal([], again.Get([2], family)!);
        Assert.Null(again.Get([2]));
        again.Remove(Key, family);
        again.Remove(Key);
        Assert.Null(again.Get(Key, family));
        Assert.Null(again.Get(Key));
        Assert.Throws<KeyNotFoundException>(() => again.GetColumnFamily("missing"));
        Assert.Equal(["blocks", "default"], RocksDb.ListColumnFamilies(new(), _folder.Sub("db")).Order());
    }

    [Fact]
    public void Closing_before_its_iterators_snapshots_checkpoints_and_families_is_no_crime()
    {
        var db = Open();
        db.Put(Key, Value);
        var blocks = db.GetColumnFamily("blocks");
        var iterator = db.NewIterator();
        var snapshot = db.CreateSnapshot();
        var checkpoint = db.Checkpoint();
        db.Dispose();

        Assert.Equal(Value, iterator.SeekToFirst().Value());
        checkpoint.Save(_folder.Sub("copy"));
        Assert.Throws<RocksDbException>(() => Open());
        checkpoint.Dispose();
        iterator.Dispose();
        snapshot.Dispose();
        iterator.Dispose();
        snapshot.Dispose();
        db.Dispose();

        Assert.Throws<ObjectDisposedException>(() => blocks.Handle);
        Assert.Throws<ObjectDisposedException>(() => iterator.Valid());
        Assert.Throws<ObjectDisposedException>(() => snapshot.Handle);
        Open().Dispose();
    }

    [Fact]
    public void A_closed_database_refuses_everything_by_an_exception()
    {
        var db = Open();
        var blocks = db.GetColumnFamily("blocks");
        using WriteBatch batch = new();
        db.Dispose();

        Assert.Throws<ObjectDisposedException>(() => db.Get(Key));
        Assert.Throws<ObjectDisposedException>(() => db.Get(Key, blocks));
        Assert.Throws<ObjectDisposedException>(() => db.Put(Key, Value));
        Assert.Throws<ObjectDisposedException>(() => db.Remove(Key, blocks));
        Assert.Throws<ObjectDisposedException>(() => db.Write(batch));
        Assert.Throws<ObjectDisposedException>(() => db.NewIterator());
        Assert.Throws<ObjectDisposedException>(() => db.CreateSnapshot());
        Assert.Throws<ObjectDisposedException>(() => db.Checkpoint());
        Assert.Throws<ObjectDisposedException>(() => db.GetProperty("rocksdb.stats"));
        Assert.Throws<ObjectDisposedException>(() => batch.Put(Key, Value, blocks));
    }

    [Fact]
    public void Closing_while_others_read_waits_for_none_and_breaks_none()
    {
        var db = Open();
        db.Put(Key, Value);
        using Barrier start = new(5);
        Parallel.For(0, 5, new ParallelOptions { MaxDegreeOfParallelism = 5 }, reader =>
        {
            start.SignalAndWait(TimeSpan.FromSeconds(10));
            try
            {
                for (var i = 0; reader > 0 && i < 20_000; i++)
                {
                    Assert.Equal(Value, db.Get(Key));
                }
            }
            catch (ObjectDisposedException)
            {
                // The reader came after the close: this is how it is told.
            }

            db.Dispose();
        });

        Open().Dispose();
    }

    [Fact]
    public void What_librocksdb_reports_is_an_exception_with_its_words()
    {
        var missing = Assert.Throws<RocksDbException>(
            () => RocksDb.Open(new DbOptions(), _folder.Sub("none")));
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);

        using var db = Open();
        var locked = Assert.Throws<RocksDbException>(() => Open());
        Assert.Contains("lock", locked.Message, StringComparison.OrdinalIgnoreCase);
        using var checkpoint = db.Checkpoint();
        Assert.Throws<RocksDbException>(() => checkpoint.Save(_folder.Path));
        Assert.Throws<RocksDbException>(() => RocksDb.ListColumnFamilies(new(), _folder.Sub("none")));
    }

    [Fact]
    public void A_batch_is_written_all_at_once_and_not_before()
    {
        using var db = Open();
        var blocks = db.GetColumnFamily("blocks");
        db.Put([1], [1], blocks);
        db.Put([2], [2], blocks);
        db.Put([3], [3], blocks);
        using WriteBatch batch = new();
        batch.Put(Key, Value).Put([9], [9], blocks).Delete([3], blocks).DeleteRange([1], 1, [3], 1, blocks);

        Assert.Equal(4, batch.Count());
        Assert.Null(db.Get(Key));
        db.Write(batch, new WriteOptions().SetSync(true));

        Assert.Equal(Value, db.Get(Key));
        Assert.Equal([[9]], KeysOf(db, blocks));
        Assert.Equal(0, batch.Clear().Count());
    }

    [Fact]
    public void A_batch_that_fails_leaves_nothing_of_itself()
    {
        using var db = Open();
        using WriteBatch batch = new();
        batch.Put(Key, Value);

        // Unsynced by intent and without a log at once is what librocksdb refuses.
        Assert.Throws<RocksDbException>(
            () => db.Write(batch, new WriteOptions().SetSync(true).DisableWal(1)));

        Assert.Null(db.Get(Key));
    }

    [Fact]
    public void A_disposed_batch_refuses_more()
    {
        WriteBatch batch = new();
        batch.Dispose();
        batch.Dispose();

        Assert.Throws<ObjectDisposedException>(() => batch.Put(Key, Value));
    }

    [Fact]
    public void An_iterator_walks_in_the_order_of_bytes_both_ways()
    {
        using var db = Open();
        byte[][] keys = [[0], [1], [1, 0], [1, 255], [2], [255]];
        Array.ForEach(keys, key => db.Put(key, key));

        Assert.Equal(keys, KeysOf(db, null));
        using var iterator = db.NewIterator();
        Assert.Equal([1, 255], iterator.Seek([1, 1]).Key());
        Assert.Equal([1, 0], iterator.SeekForPrev([1, 1]).Key());
        Assert.Equal([1], iterator.Prev().Key());
        Assert.Equal([255], iterator.SeekToLast().Value());
        Assert.False(iterator.Next().Valid());
    }

    [Fact]
    public void A_snapshot_sees_what_was_and_not_what_came()
    {
        using var db = Open();
        db.Put(Key, [1]);
        using var snapshot = db.CreateSnapshot();
        db.Put(Key, [2]);
        db.Put([2], [2]);
        var then = new ReadOptions().SetSnapshot(snapshot);

        Assert.Equal([1], db.Get(Key, null, then)!);
        Assert.Null(db.Get([2], null, then));
        Assert.Equal([2], db.Get(Key)!);
    }

    [Fact]
    public void A_checkpoint_is_a_database_of_its_own()
    {
        using var db = Open();
        db.Put(Key, [1], db.GetColumnFamily("blocks"));
        using (var checkpoint = db.Checkpoint())
        {
            checkpoint.Save(_folder.Sub("copy"));
        }

        db.Put(Key, [2], db.GetColumnFamily("blocks"));
        using var copy = Open("copy");

        Assert.Equal([1], copy.Get(Key, copy.GetColumnFamily("blocks"))!);
    }

    private static List<byte[]> KeysOf(RocksDb db, ColumnFamilyHandle? family)
    {
        List<byte[]> keys = [];
        using var iterator = db.NewIterator(family);
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            keys.Add(iterator.Key());
        }

        return keys;
    }

    private RocksDb Open(string name = "db")
    {
        ColumnFamilies families = new() { { "blocks", new ColumnFamilyOptions() } };
        var options = new DbOptions().SetCreateIfMissing().SetCreateMissingColumnFamilies();
        return RocksDb.Open(options, _folder.Sub(name), families);
    }
}
