using System.Text;
using Ledger.Core;
using RocksDbSharp;

namespace Ledger.Storage.Tests;

/// <summary>What the disk got wrong is refused in words, or it was never acknowledged.</summary>
public sealed class LedgerDamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Database => _folder.Sub("ledger");

    [Fact]
    public void A_log_that_is_cut_anywhere_in_the_last_append_has_all_of_it_or_nothing()
    {
        const int Before = 3;
        const int Together = 3;
        var chance = new Random(4);
        long whole;
        long until;
        using (var store = Open())
        {
            SampleChain.Grow(store, Before);
            until = new FileInfo(Log()).Length;
            store.Append(SampleChain.After(store, Together));
            whole = new FileInfo(Log()).Length;
        }

        var bytes = File.ReadAllBytes(Log()).AsSpan(0, (int)whole).ToArray();
        for (var round = 0; round < 8; round++)
        {
            using var copy = new TemporaryFolder();
            CopyTo(copy.Sub("ledger"));
            var cut = round == 0 ? whole : chance.NextInt64(until, whole);
            File.WriteAllBytes(Path.Combine(copy.Sub("ledger"), Path.GetFileName(Log())), bytes[..(int)cut]);

            SampleChain.AssertWhole(copy.Path, Before - 1);
            using var store = LedgerStore.Open(
                copy.Path, Sample.Genesis, Sample.ChainId, StorageOptions.Default);
            Assert.Equal(cut == whole ? Before + Together - 1UL : Before - 1UL, store.Head!.Height.Value);
        }
    }

    [Fact]
    public void A_flipped_byte_in_RocksDBs_log_is_refused()
    {
        Grow(5);
        var bytes = File.ReadAllBytes(Log());
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(Log(), bytes);

        AssertDamaged(() => Open().Dispose(), "checksum");
    }

    [Fact]
    public void A_flipped_byte_in_the_stored_state_is_refused_by_reads_and_never_shortens_a_range()
    {
        Grow(5);
        Open().Dispose();
        using var store = Open();
        Assert.False(store.Damage.IsCompleted);
        foreach (var table in Directory.GetFiles(Database, "*.sst"))
        {
            var bytes = File.ReadAllBytes(table);
            bytes[3] ^= 1;
            File.WriteAllBytes(table, bytes);
        }

        AssertDamaged(() => _ = store.ReadStateRange([]).Count(), "ended before its end");
        AssertDamaged(() => store.ReadHistory(SampleChain.Counter, 100), "ended before its end");
        AssertDamaged(() => store.ReadBlock(Height.Genesis), "cannot be read");
        AssertDamaged(() => store.ReadBlock(Height.Genesis), ".sst");
        AssertDamaged(() => store.Damage.GetAwaiter().GetResult(), "ended before its end");
    }

    [Fact]
    public void Damage_that_a_snapshot_meets_is_known_to_the_store()
    {
        Grow(5);
        Open().Dispose();
        using var store = Open();
        using var snapshot = store.Snapshot();
        foreach (var table in Directory.GetFiles(Database, "*.sst"))
        {
            var bytes = File.ReadAllBytes(table);
            bytes[3] ^= 1;
            File.WriteAllBytes(table, bytes);
        }

        AssertDamaged(() => snapshot.ReadState(SampleChain.Counter), "cannot be read");
        Assert.True(store.Damage.IsFaulted);
    }

    [Fact]
    public void Pruning_stops_at_damage_in_the_history_and_says_so()
    {
        Grow(5);
        Open().Dispose();
        using var store = Open();
        Tables.FlipFirstBlock(Database, "history");

        AssertDamaged(() => store.Prune(new(3)), "the history of the keys ended before its end");
        Assert.True(store.Damage.IsFaulted);
    }

    [Theory]
    [InlineData("head", "the head record is torn")]
    [InlineData("identity", "the record of its chain is torn")]
    public void A_torn_record_about_the_store_itself_is_refused(string key, string what)
    {
        Grow(2);
        Tamper((database, family) => database.Put(Encoding.UTF8.GetBytes(key), [1, 2, 3], family("meta")));

        AssertDamaged(() => Open().Dispose(), what);
    }

    [Fact]
    public void A_store_that_lost_its_identity_is_refused()
    {
        Grow(2);
        Tamper((database, family) => database.Remove("identity"u8.ToArray(), family("meta")));

        AssertDamaged(() => Open().Dispose(), "the record of its chain is missing");
    }

    [Fact]
    public void A_head_without_its_header_is_refused()
    {
        Grow(2);
        Tamper((database, family) => database.Remove(HeightKey(1), family("headers")));

        AssertDamaged(() => Open().Dispose(), "the head's header is missing");
    }

    [Fact]
    public void A_head_with_the_header_of_another_block_is_refused()
    {
        Grow(3);
        Tamper((database, family) => database.Put(
            HeightKey(2), database.Get(HeightKey(1), family("headers"))!, family("headers")));

        AssertDamaged(() => Open().Dispose(), "is not the one that the head names");
    }

    [Theory]
    [InlineData("blocks", "block 1 cannot be decoded")]
    [InlineData("headers", "header 1 cannot be decoded")]
    [InlineData("receipts", "the receipts of block 1 cannot be decoded")]
    [InlineData("certificates", "certificate 1 cannot be decoded")]
    public void A_value_that_cannot_be_decoded_is_named(string name, string what)
    {
        Grow(3);
        Tamper((database, family) => database.Put(HeightKey(1), [0xc1], family(name)));
        using var store = Open();

        AssertDamaged(() => ReadAll(store, new(1)), what);
    }

    private static void ReadAll(LedgerStore store, Height height)
    {
        store.ReadBlock(height);
        store.ReadHeader(height);
        store.ReadReceipts(height);
        store.ReadCertificate(height);
    }

    private static byte[] HeightKey(byte height) => [0, 0, 0, 0, 0, 0, 0, height];

    private LedgerStore Open()
        => LedgerStore.Open(_folder.Path, Sample.Genesis, Sample.ChainId, StorageOptions.Default);

    private void Grow(int blocks)
    {
        using var store = Open();
        SampleChain.Grow(store, blocks);
    }

    /// <summary>The write-ahead log in use: the one that holds something.</summary>
    private string Log()
        => Directory.GetFiles(Database, "*.log").Single(file => new FileInfo(file).Length > 0);

    private void CopyTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Database))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private void Tamper(Action<RocksDb, Func<string, ColumnFamilyHandle>> tamper)
    {
        var families = new ColumnFamilies();
        foreach (var name in RocksDb.ListColumnFamilies(new DbOptions(), Database)
            .Where(name => name != "default"))
        {
            families.Add(name, new ColumnFamilyOptions());
        }

        using var database = RocksDb.Open(new DbOptions(), Database, families);
        tamper(database, database.GetColumnFamily);
    }

    private void AssertDamaged(Action act, string what)
    {
        var refused = Assert.Throws<DamagedDataException>(act);
        Assert.Contains(what, refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Database, refused.Message, StringComparison.Ordinal);
        Assert.Contains("leave the journal", refused.Message, StringComparison.Ordinal);
    }
}
