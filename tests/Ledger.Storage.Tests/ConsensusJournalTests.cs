using System.Buffers.Binary;
using RocksDbSharp;

namespace Ledger.Storage.Tests;

public sealed class ConsensusJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_journal_is_empty()
    {
        using var journal = Open();

        Assert.Empty(journal.ReadAll());
    }

    [Fact]
    public void Records_come_back_in_the_order_of_writing_after_reopening()
    {
        using (var journal = Open())
        {
            journal.Append(Sample.Records("a", ""));
            journal.Append(Sample.Records("eight..."));
            journal.Append([]);
            journal.Append(Sample.Records("more than eight bytes"));
        }

        using var reopened = Open();

        Assert.Equal(["a", "", "eight...", "more than eight bytes"], Sample.Texts(reopened.ReadAll()));
    }

    [Fact]
    public void Replacing_leaves_nothing_of_what_was_before()
    {
        using (var journal = Open())
        {
            journal.Append(Sample.Records("a", "b", "c"));
            journal.Replace(Sample.Records("whole"));
            journal.Append(Sample.Records("next"));
            Assert.Equal(["whole", "next"], Sample.Texts(journal.ReadAll()));
        }

        using var reopened = Open();
        Assert.Equal(["whole", "next"], Sample.Texts(reopened.ReadAll()));

        reopened.Replace([]);
        Assert.Empty(reopened.ReadAll());
    }

    [Fact]
    public void A_journal_replaced_a_thousand_times_still_opens_and_holds_the_last()
    {
        using (var journal = Open())
        {
            for (var i = 0; i < 1000; i++)
            {
                journal.Append(Sample.Records("between"));
                journal.Replace(Sample.Records($"whole {i}"));
            }
        }

        using var reopened = Open();

        Assert.Equal(["whole 999"], Sample.Texts(reopened.ReadAll()));
    }

    [Fact]
    public void A_flipped_byte_is_refused_and_its_record_named()
    {
        Write("a", "b", "c");
        Tamper(database =>
        {
            var entry = database.Get(KeyOf(2))!;
            entry[^1] ^= 1;
            database.Put(KeyOf(2), entry);
        });

        AssertDamaged("record 2 does not match its checksum");
    }

    [Fact]
    public void A_torn_record_is_refused_and_its_record_named()
    {
        Write("a", "b", "c");
        Tamper(database => database.Put(KeyOf(3), database.Get(KeyOf(3))![..2]));

        AssertDamaged("record 3 does not match its checksum");
    }

    [Fact]
    public void A_good_record_in_the_place_of_another_is_refused()
    {
        Write("same", "same");
        Tamper(database => database.Put(KeyOf(2), database.Get(KeyOf(1))!));

        AssertDamaged("record 2 does not match its checksum");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_missing_record_is_refused_and_named_wherever_it_stood(ulong sequence)
    {
        Write("a", "b", "c");
        Tamper(database => database.Remove(KeyOf(sequence)));

        AssertDamaged($"record {sequence} is missing");
    }

    [Fact]
    public void A_record_beyond_the_end_is_refused()
    {
        Write("a");
        Tamper(database => database.Put(KeyOf(2), database.Get(KeyOf(1))!));

        AssertDamaged("record 2 lies beyond the journal's end");
    }

    [Theory]
    [InlineData("range")]
    [InlineData("binding")]
    public void A_lost_or_torn_record_about_the_journal_itself_is_refused(string key)
    {
        Write("a");
        var bytes = Sample.Bytes(key).ToArray();
        byte[] whole = [];
        Tamper(database =>
        {
            whole = database.Get(bytes)!;
            database.Put(bytes, whole[..^1]);
        });
        AssertDamaged(key == "range" ? "first and last sequence number" : "binds it to a validator");

        Tamper(database => database.Remove(bytes));
        AssertDamaged(key == "range" ? "first and last sequence number" : "binds it to a validator");

        Tamper(database => database.Put(bytes, whole));
        using var mended = Open();
        Assert.Equal(["a"], Sample.Texts(mended.ReadAll()));
    }

    [Fact]
    public void A_flipped_byte_in_RocksDBs_own_log_is_refused()
    {
        Write("a", "b", "c");
        var log = Directory.GetFiles(_folder.Sub("journal"), "*.log").Single(
            file => new FileInfo(file).Length > 0);
        var bytes = File.ReadAllBytes(log);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(log, bytes);

        AssertDamaged("The database");
    }

    [Fact]
    public void A_journal_that_is_gone_is_not_taken_for_a_new_one()
    {
        Open().Dispose();
        Directory.Delete(_folder.Sub("journal"), recursive: true);

        AssertDamaged("is gone");
        AssertDamaged("is gone");
        Assert.False(Directory.Exists(_folder.Sub("journal")));
    }

    [Fact]
    public void A_journal_that_was_emptied_is_not_taken_for_a_new_one()
    {
        Write("a");
        Directory.Delete(_folder.Sub("journal"), recursive: true);
        Directory.CreateDirectory(_folder.Sub("journal"));

        AssertDamaged("it is empty");
        AssertDamaged("it is empty");
    }

    [Fact]
    public void A_journal_whose_making_was_cut_short_is_made_again()
    {
        Open().Dispose();
        Directory.Delete(_folder.Sub("journal"), recursive: true);
        Directory.CreateDirectory(_folder.Sub("journal"));
        File.Delete(_folder.Sub("journal-of"));

        Write("a");
        using var journal = Open();
        Assert.Equal(["a"], Sample.Texts(journal.ReadAll()));
    }

    [Fact]
    public void A_new_journal_beside_a_ledger_with_blocks_is_silent_until_it_is_told_what_binds()
    {
        using (var journal = Open(ledgerHasBlocks: true))
        {
            Assert.True(journal.IsSilent);
        }

        // Silence outlives the process, whatever the ledger holds by then.
        using (var journal = Open(ledgerHasBlocks: false))
        {
            Assert.True(journal.IsSilent);
            journal.EndSilence(Sample.Records("oath"));
            Assert.False(journal.IsSilent);
        }

        using var ended = Open(ledgerHasBlocks: true);
        Assert.False(ended.IsSilent);
        Assert.Equal(["oath"], Sample.Texts(ended.ReadAll()));
    }

    [Fact]
    public void A_journal_that_grew_with_its_ledger_is_not_silent_nor_one_that_the_operator_vouches_for()
    {
        Open(ledgerHasBlocks: false).Dispose();
        using (var journal = Open(ledgerHasBlocks: true))
        {
            Assert.False(journal.IsSilent);
        }

        Directory.Delete(_folder.Sub("journal"), recursive: true);
        File.Delete(_folder.Sub("journal-of"));
        SilenceWaiver.Give(_folder.Path);
        using (var vouched = Open(ledgerHasBlocks: true))
        {
            Assert.False(vouched.IsSilent);
            using var store = LedgerStore.Open(
                _folder.Path, Sample.Genesis, Sample.ChainId, StorageOptions.Default);
            store.Accompany(vouched);
        }

        // The operator's word is good for one journal.
        Directory.Delete(_folder.Sub("journal"), recursive: true);
        File.Delete(_folder.Sub("journal-of"));
        using var again = Open(ledgerHasBlocks: true);
        Assert.True(again.IsSilent);
    }

    [Fact]
    public void Another_validators_key_is_refused()
    {
        Write("a");

        var refused = Assert.Throws<DataFolderException>(
            () => ConsensusJournal.Open(_folder.Path, Sample.Genesis, Sample.KeyOf(2)));

        Assert.Contains(Sample.Validator.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Contains(Sample.KeyOf(2).ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_chain_is_refused()
    {
        Write("a");

        var refused = Assert.Throws<DataFolderException>(
            () => ConsensusJournal.Open(_folder.Path, Sample.DigestOf(2), Sample.Validator));

        Assert.Contains(Sample.Genesis.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Contains(Sample.DigestOf(2).ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_opener_is_refused()
    {
        using var first = Open();

        var refused = Assert.Throws<DataFolderException>(Open);

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_journal_takes_nothing()
    {
        var journal = Open();
        journal.Dispose();

        Assert.Throws<ObjectDisposedException>(() => journal.Append(Sample.Records("a")));
        Assert.Throws<ObjectDisposedException>(() => journal.Replace(Sample.Records("a")));
        Assert.Throws<ObjectDisposedException>(journal.ReadAll);
    }

    private static byte[] KeyOf(ulong sequence)
    {
        var key = new byte[9];
        key[0] = (byte)'r';
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), sequence);
        return key;
    }

    private ConsensusJournal Open() => Open(ledgerHasBlocks: false);

    private ConsensusJournal Open(bool ledgerHasBlocks)
        => ConsensusJournal.Open(_folder.Path, Sample.Genesis, Sample.Validator, ledgerHasBlocks);

    private void Write(params string[] records)
    {
        using var journal = Open();
        journal.Append(Sample.Records(records));
    }

    private void Tamper(Action<RocksDb> tamper)
    {
        using var database = RocksDb.Open(new DbOptions(), _folder.Sub("journal"));
        tamper(database);
    }

    private void AssertDamaged(string what)
    {
        var refused = Assert.Throws<DamagedDataException>(Open);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Sub("journal"), refused.Message, StringComparison.Ordinal);
        Assert.Contains("must not vote", refused.Message, StringComparison.Ordinal);
    }
}
