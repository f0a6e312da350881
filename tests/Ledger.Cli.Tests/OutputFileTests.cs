using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>What a command leaves behind where it was told to write.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_cannot_be_written_leaves_nothing_behind()
    {
        // A name that is as long as one may be: there is no room for the new file beside it.
        Assert.ThrowsAny<IOException>(() => OutputFile.Write(_folder.Sub(new string('n', 250)), [1]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_file_is_replaced_whole()
    {
        var path = _folder.Write("receipt.json", "a longer one than the next");
        using (var reader = File.OpenRead(path))
        {
            OutputFile.Write(path, "next"u8.ToArray());

            // Who reads the old one reads on in it.
            Assert.Equal(26, reader.Length);
        }

        Assert.Equal("next", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_file_that_is_not_there_is_made_for_all_to_read()
    {
        var path = _folder.Sub("new");

        OutputFile.Write(path, "new"u8.ToArray());

        Assert.Equal("new", File.ReadAllText(path));
        Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.False(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void What_a_link_leads_to_may_be_no_file_at_all()
    {
        var link = _folder.Sub("link");
        File.CreateSymbolicLink(link, "/dev/null");

        OutputFile.Write(link, "gone"u8.ToArray());

        Assert.Equal("/dev/null", new FileInfo(link).LinkTarget);
        Assert.Empty(File.ReadAllBytes(link));
    }

    [Fact]
    public void A_link_stays_a_link()
    {
        var target = _folder.Write("target", "old");
        var link = _folder.Sub("link");
        File.CreateSymbolicLink(link, target);

        OutputFile.Write(link, "new"u8.ToArray());

        Assert.Equal(target, File.ResolveLinkTarget(link, returnFinalTarget: true)!.FullName);
        Assert.Equal("new", File.ReadAllText(target));
    }

    [Fact]
    public void A_device_is_written_to_and_not_replaced()
    {
        OutputFile.Write("/dev/null", [1, 2, 3]);

        Assert.Empty(File.ReadAllBytes("/dev/null"));
        Assert.Throws<IOException>(() => OutputFile.Write("/dev/full", [1, 2, 3]));
    }
}
