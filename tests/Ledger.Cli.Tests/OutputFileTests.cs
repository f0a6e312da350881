using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>What a command leaves behind where it was told to write.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_does_not_fit_leaves_the_file_as_it_was_and_nothing_beside_it()
    {
        var path = _folder.Write("receipt.json", "the only one");

        // No folder takes a name this long, which is found out when the new file is made beside the old one.
        var tooLong = _folder.Sub(new string('n', 250));
        Assert.ThrowsAny<IOException>(() => OutputFile.Write(tooLong, [1]));
        Assert.Equal("the only one", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
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
