namespace Ledger.Crypto.Tests;

/// <summary>
/// After a crash there is the old file or the new one, and a sync that failed is never taken for one.
/// </summary>
public sealed class DurableFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.Sub("state.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_written_is_there_with_its_mode_and_nothing_beside_it()
    {
        DurableFile.Write(Path, "one"u8, OwnerOnly, replace: false);
        DurableFile.Write(Path, "two"u8, OwnerOnly | UnixFileMode.GroupRead, replace: true);

        Assert.Equal("two", File.ReadAllText(Path));
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead, File.GetUnixFileMode(Path));
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_file_that_exists_is_replaced_only_when_that_was_said()
    {
        DurableFile.Write(Path, "one"u8, OwnerOnly, replace: false);

        Assert.Throws<IOException>(() => DurableFile.Write(Path, "two"u8, OwnerOnly, replace: false));

        Assert.Equal("one", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_target_that_cannot_be_replaced_leaves_nothing_behind()
    {
        Directory.CreateDirectory(Path);

        Assert.ThrowsAny<Exception>(() => DurableFile.Write(Path, "one"u8, OwnerOnly, replace: true));

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_folder_that_is_not_there_cannot_be_synced()
    {
        var refused = Assert.Throws<IOException>(() => DurableFile.SyncFolder(_folder.Sub("missing")));

        Assert.Contains("No such file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_synced_then_named_then_its_folder_is_synced()
    {
        Assert.SkipUnless(FailingDisk.IsHere, "strace is not installed");

        var (exit, _, calls) = FailingDisk.WriteUnder(Path, "new", which: 0);

        Assert.Equal(0, exit);
        Assert.Equal("new", File.ReadAllText(Path));
        Assert.Collection(
            calls,
            call => Assert.Matches(@"fsync\(\d+<.*state\.json\.\d+\.new>\)", call),
            call => Assert.Contains("rename", call, StringComparison.Ordinal),
            call => Assert.Contains($"<{_folder.Path}>)", call, StringComparison.Ordinal));
    }

    [Fact]
    public void When_the_file_cannot_be_synced_the_old_one_stays()
    {
        Assert.SkipUnless(FailingDisk.IsHere, "strace is not installed");
        File.WriteAllText(Path, "old");

        var (exit, said, _) = FailingDisk.WriteUnder(Path, "new", which: 1);

        Assert.Equal(FailingDisk.Failed, exit);
        Assert.Contains("Input/output error", said, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void When_its_folder_cannot_be_synced_the_writer_is_told()
    {
        Assert.SkipUnless(FailingDisk.IsHere, "strace is not installed");
        File.WriteAllText(Path, "old");

        var (exit, said, _) = FailingDisk.WriteUnder(Path, "new", which: 2);

        Assert.Equal(FailingDisk.Failed, exit);
        Assert.Contains("could not be synced to disk", said, StringComparison.Ordinal);
    }
}
