using System.Globalization;

namespace Ledger.Storage.Tests;

/// <summary>
/// A disk that fails or fills: the write throws, the next one throws too, and reopening shows whatever was
/// acknowledged before.
/// </summary>
public sealed class DiskFaultTests : IDisposable
{
    private const int MoreThanAnyDiskHolds = 100_000;

    /// <summary>Beyond the syncs of opening; strace counts them for each thread.</summary>
    private const int SyncsBeforeFailure = 40;

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

    private AppenderProcess UnderFailingSyncs(string what)
    {
        const string Strace = "/usr/bin/strace";
        Assert.SkipUnless(File.Exists(Strace), "strace is not installed");
        using (var first = new AppenderProcess(what, _folder.Path, 1))
        {
            Assert.Equal(0, first.HearAll());
        }

        var inject = string.Create(
            CultureInfo.InvariantCulture, $"inject=fdatasync,fsync:error=EIO:when={SyncsBeforeFailure}+");
        return new(
            what, _folder.Path, MoreThanAnyDiskHolds,
            Strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", inject);
    }

    private static void AssertStopped(AppenderProcess appender, string reason)
    {
        Assert.Equal(Appender.Failed, appender.HearAll());
        Assert.Contains(reason, appender.Failure, StringComparison.Ordinal);
        Assert.True(appender.Last > 1);
    }

    /// <summary>
    /// A library that was built with its assertions on may abort the process over its own log before its error reaches
    /// us. Nothing was acknowledged after it either way.
    /// </summary>
    private static void AssertStoppedByFullDisk(AppenderProcess appender)
    {
        const int Aborted = 134;
        Assert.Contains(appender.HearAll(), (int[])[Appender.Failed, Aborted]);
        Assert.True(appender.Failure is null || appender.Failure.Contains("No space left", StringComparison.Ordinal));
        Assert.True(appender.Last > 1);
    }

    private static void AssertJournalHolds(string folder, ulong acknowledged)
    {
        using var journal = ConsensusJournal.Open(folder, Sample.Genesis, Sample.Validator);
        var last = ulong.Parse(Sample.Texts(journal.ReadAll())[^1], CultureInfo.InvariantCulture);
        Assert.True(last >= acknowledged);
    }
}
