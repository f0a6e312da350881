using System.Globalization;

namespace Ledger.Storage.Tests;

/// <summary>
/// A disk that fails or fills: the write throws, the next one throws too, and reopening shows whatever was
/// acknowledged before.
/// </summary>
public sealed class DiskFaultTests : IDisposable
{
    private const string Strace = "/usr/bin/strace";
    private const int MoreThanAnyDiskHolds = 100_000;

    /// <summary>Beyond the syncs of opening; strace counts them for each thread.</summary>
    private const int SyncsBeforeFailure = 40;

    private static readonly string[] Tracing = [Strace, "-f", "-qq", "-e", "trace=fdatasync,fsync"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_failed_sync_of_the_ledger_stops_it()
    {
        using var appender = UnderFailingSyncs(Appender.Ledger);

        AssertStopped(appender, "could not be written");
        SampleChain.AssertWhole(_folder.Path, appender.Last);
    }

    [Fact]
    public void A_failed_sync_of_the_journal_stops_it()
    {
        using var appender = UnderFailingSyncs(Appender.Journal);

        AssertStopped(appender, "could not be written");
        AssertJournalHolds(_folder.Path, appender.Last);
    }

    [Fact]
    public void A_full_disk_stops_the_ledger_and_more_space_brings_back_all_of_it()
    {
        using var disk = SmallDisk.TryMount(_folder.Sub("disk"));
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        using var appender = new AppenderProcess(Appender.Ledger, disk.Path, MoreThanAnyDiskHolds);

        AssertStoppedByFullDisk(appender);
        disk.Grow();
        SampleChain.AssertWhole(disk.Path, appender.Last);
    }

    [Fact]
    public void A_full_disk_stops_the_journal_and_more_space_brings_back_all_of_it()
    {
        using var disk = SmallDisk.TryMount(_folder.Sub("disk"));
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        using var appender = new AppenderProcess(Appender.Journal, disk.Path, MoreThanAnyDiskHolds);
        appender.Hear(acknowledgements: 10);
        disk.Fill();

        AssertStoppedByFullDisk(appender);
        disk.Grow();
        AssertJournalHolds(disk.Path, appender.Last);
    }

    [Fact]
    public void A_full_disk_takes_no_new_data_folder_and_leaves_no_half_of_one()
    {
        using var disk = SmallDisk.TryMount(_folder.Sub("disk"));
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        Directory.CreateDirectory(Path.Combine(disk.Path, "data"));
        disk.Fill();
        var data = Path.Combine(disk.Path, "data");

        var refused = Assert.Throws<DataFolderException>(
            () => DataFolder.Open(data, Sample.ChainId, Sample.Genesis));

        Assert.Contains("is full", refused.Message, StringComparison.Ordinal);
        disk.Grow();
        DataFolder.Open(data, Sample.ChainId, Sample.Genesis).Dispose();
    }

    /// <summary>
    /// The library's own assertions would end the process, without a word that an operator understands.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public void A_disk_without_room_to_open_what_is_there_is_refused_and_more_space_is_enough(int left)
    {
        using var disk = SmallDisk.TryMount(_folder.Sub("disk"));
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        using (var store = OpenLedger(disk.Path))
        {
            SampleChain.Grow(store, 5);
        }

        ConsensusJournal.Open(disk.Path, Sample.Genesis, Sample.Validator).Dispose();
        disk.Fill(left);

        var ledger = Assert.Throws<DataFolderException>(() => OpenLedger(disk.Path));
        var journal = Assert.Throws<DataFolderException>(
            () => ConsensusJournal.Open(disk.Path, Sample.Genesis, Sample.Validator));

        Assert.Contains("is full", ledger.Message, StringComparison.Ordinal);
        Assert.Contains("free some space and start again", journal.Message, StringComparison.Ordinal);
        disk.Grow();
        SampleChain.AssertWhole(disk.Path, 4);
    }

    [Fact]
    public void A_disk_that_is_read_only_is_refused()
    {
        using var disk = SmallDisk.TryMount(_folder.Sub("disk"));
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        DataFolder.Open(disk.Path, Sample.ChainId, Sample.Genesis).Dispose();
        ConsensusJournal.Open(disk.Path, Sample.Genesis, Sample.Validator).Dispose();
        disk.MakeReadOnly();

        var folder = Assert.Throws<DataFolderException>(
            () => DataFolder.Open(disk.Path, Sample.ChainId, Sample.Genesis));
        var journal = Assert.Throws<DataFolderException>(
            () => ConsensusJournal.Open(disk.Path, Sample.Genesis, Sample.Validator));

        Assert.Contains("cannot be made or written", folder.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be written", journal.Message, StringComparison.Ordinal);
    }

    /// <summary>Two folders are made, then the manifest's file is synced, then its name.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_failed_sync_while_the_folder_is_made_refuses_it(int which)
    {
        using var maker = MakeFolderWithFailingSync(which);

        Assert.Equal(Appender.Failed, maker.HearAll());
        Assert.Contains("Input/output error", maker.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Making_a_folder_takes_the_syncs_that_the_test_above_fails_and_no_more()
    {
        using var maker = MakeFolderWithFailingSync(5);

        Assert.Equal(0, maker.HearAll());
    }

    [Theory]
    [InlineData(Appender.Ledger)]
    [InlineData(Appender.Journal)]
    public void A_write_costs_one_sync(string what)
    {
        const int Writes = 30;
        Make(what);
        var few = CountSyncs(what, 1);
        var many = CountSyncs(what, 1 + Writes);

        // Opening syncs too, and flushes what the last session wrote; an append is what is left.
        Assert.InRange(many - few, Writes, Writes + 8);
    }

    private static LedgerStore OpenLedger(string folder)
        => LedgerStore.Open(folder, Sample.Genesis, Sample.ChainId, StorageOptions.Default);

    private AppenderProcess MakeFolderWithFailingSync(int which)
    {
        Assert.SkipUnless(File.Exists(Strace), "strace is not installed");
        var inject = string.Create(CultureInfo.InvariantCulture, $"inject=fsync:error=EIO:when={which}");
        return new(
            Appender.Folder, _folder.Sub("new/data"), 1, [.. Tracing, "-o", "/dev/null", "-e", inject]);
    }

    private int CountSyncs(string what, int writes)
    {
        var log = _folder.Sub($"syncs {writes}");
        using (var appender = new AppenderProcess(what, _folder.Path, writes, [.. Tracing, "-o", log]))
        {
            Assert.Equal(0, appender.HearAll());
        }

        return File.ReadLines(log).Count(line => line.Contains("sync(", StringComparison.Ordinal));
    }

    private void Make(string what)
    {
        Assert.SkipUnless(File.Exists(Strace), "strace is not installed");
        using var first = new AppenderProcess(what, _folder.Path, 1);
        Assert.Equal(0, first.HearAll());
    }

    private AppenderProcess UnderStrace(string what, int count, string inject)
    {
        Assert.SkipUnless(File.Exists(Strace), "strace is not installed");
        return new(what, _folder.Path, count, [.. Tracing, "-o", "/dev/null", "-e", inject]);
    }

    private AppenderProcess UnderFailingSyncs(string what)
    {
        Make(what);
        return UnderStrace(what, MoreThanAnyDiskHolds, string.Create(
            CultureInfo.InvariantCulture, $"inject=fdatasync,fsync:error=EIO:when={SyncsBeforeFailure}+"));
    }

    private static void AssertStopped(AppenderProcess appender, string reason)
    {
        Assert.Equal(Appender.Failed, appender.HearAll());
        Assert.Contains(reason, appender.Failure, StringComparison.Ordinal);
        Assert.True(appender.Last > 1);
    }

    /// <summary>
    /// A library that was built with its assertions on may abort the process over its own log before its
    /// error reaches us. Nothing was acknowledged after it either way.
    /// </summary>
    private static void AssertStoppedByFullDisk(AppenderProcess appender)
    {
        Assert.Equal(Appender.Failed, appender.HearAll());
        Assert.Contains("No space left", appender.Failure, StringComparison.Ordinal);
        Assert.True(appender.Last > 1);
    }

    private static void AssertJournalHolds(string folder, ulong acknowledged)
    {
        using var journal = ConsensusJournal.Open(folder, Sample.Genesis, Sample.Validator);
        var last = ulong.Parse(Sample.Texts(journal.ReadAll())[^1], CultureInfo.InvariantCulture);
        Assert.True(last >= acknowledged);
    }
}
