namespace Ledger.Storage.Tests;

/// <summary>
/// A journal that lost its newest records is whole by its own measure. The ledger beside it knows better:
/// each block says how far the journal had come.
/// </summary>
public sealed class JournalReachTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_journal_whose_log_was_cut_to_nothing_is_refused_once_the_ledger_saw_more_of_it()
    {
        Run(promises: 5);
        // What was written is in a table once it was opened again, and only the newest is in the log.
        Run(promises: 3);
        CutLog();

        var refused = Assert.Throws<DamagedDataException>(() => Run(promises: 1));

        Assert.Contains("lost its newest records", refused.Message, StringComparison.Ordinal);
        Assert.Contains("10 had been written, 6 are there", refused.Message, StringComparison.Ordinal);
        Assert.Contains("must not vote", refused.Message, StringComparison.Ordinal);
        Assert.Throws<DamagedDataException>(() => Run(promises: 1));
    }

    [Fact]
    public void An_older_copy_of_the_journal_is_refused()
    {
        Run(promises: 2);
        var copy = _folder.Sub("copy");
        Copy(Journal, copy);
        Run(promises: 2);
        Directory.Delete(Journal, recursive: true);
        Directory.Move(copy, Journal);

        Assert.Throws<DamagedDataException>(() => Run(promises: 1));
    }

    [Fact]
    public void A_journal_that_is_further_than_the_ledger_is_as_it_should_be()
    {
        Run(promises: 2);
        using (var journal = OpenJournal())
        {
            journal.Append(Sample.Records("a promise after the last block"));
        }

        Run(promises: 1);
    }

    [Fact]
    public void Records_that_were_replaced_by_a_summary_are_not_missed()
    {
        Run(promises: 5);
        using (var journal = OpenJournal())
        {
            journal.Replace(Sample.Records("whole"));
        }

        Run(promises: 1);
    }

    [Fact]
    public void A_ledger_of_another_validator_says_nothing_of_this_journal()
    {
        Run(promises: 5);
        Directory.Delete(Journal, recursive: true);
        File.Delete(_folder.Sub("journal-of"));

        using var store = OpenStore();
        using var journal = ConsensusJournal.Open(_folder.Path, Sample.Genesis, Sample.KeyOf(2));
        store.Accompany(journal);
    }

    [Fact]
    public void A_journal_that_the_operator_vouches_for_survives_a_crash_before_the_ledger_knows_it()
    {
        Run(promises: 5);
        Directory.Delete(Journal, recursive: true);
        File.Delete(_folder.Sub("journal-of"));
        SilenceWaiver.Give(_folder.Path);

        // Made, and the ledger never told: it still remembers five promises.
        OpenJournal().Dispose();

        Run(promises: 2);
        CutLog();
        Assert.Throws<DamagedDataException>(() => Run(promises: 1));
    }

    [Fact]
    public void The_operators_word_is_not_taken_for_a_journal_that_has_records()
    {
        Run(promises: 5);
        Run(promises: 3);
        CutLog();
        SilenceWaiver.Give(_folder.Path);

        Assert.Throws<DamagedDataException>(() => Run(promises: 1));
    }

    [Fact]
    public void A_journal_that_was_just_made_is_measured_from_now_on()
    {
        Run(promises: 5);
        Directory.Delete(Journal, recursive: true);
        File.Delete(_folder.Sub("journal-of"));
        using (var store = OpenStore())
        using (var journal = OpenJournal())
        {
            store.Accompany(journal);
        }

        Run(promises: 1);
    }

    private string Journal => _folder.Sub("journal");

    /// <summary>
    /// One life of a validator: it opens both, promises, makes a block final, and promises once more.
    /// </summary>
    private void Run(int promises)
    {
        using var store = OpenStore();
        using var journal = OpenJournal();
        store.Accompany(journal);
        for (var i = 0; i < promises; i++)
        {
            journal.Append(Sample.Records($"promise {i}"));
        }

        SampleChain.Grow(store, 1);
        journal.Append(Sample.Records("a decision"));
        SampleChain.Grow(store, 1);
    }

    private LedgerStore OpenStore()
        => LedgerStore.Open(_folder.Path, Sample.Genesis, Sample.ChainId, StorageOptions.Default);

    private ConsensusJournal OpenJournal()
        => ConsensusJournal.Open(_folder.Path, Sample.Genesis, Sample.Validator);

    private void CutLog()
    {
        foreach (var log in Directory.GetFiles(Journal, "*.log"))
        {
            File.WriteAllBytes(log, []);
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
