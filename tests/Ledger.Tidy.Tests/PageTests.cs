using Ledger.Tidy.Tests.Rules;

namespace Ledger.Tidy.Tests;

/// <summary>How files lie on the page and what any of them may say.</summary>
public sealed class PageTests
{
    /// <summary>Files that are right although they are long, each with its reason.</summary>
    private static readonly Dictionary<string, string> LongWithReason = [];

    [Fact]
    public void A_file_holds_one_idea()
        => Fault.None(
            SourceTree.CSharp.Where(file => !LongWithReason.ContainsKey(file.Path))
                .SelectMany(Layout.Length));

    [Fact]
    public void A_file_that_is_too_long_is_seen()
    {
        Assert.Single(Layout.Length(Page(string.Concat(Enumerable.Repeat("x\n", Layout.LineLimit + 1)))));
        Assert.Empty(Layout.Length(Page(string.Concat(Enumerable.Repeat("x\n", Layout.LineLimit)))));
    }

    [Fact]
    public void A_line_fits_the_page() => Fault.None(SourceTree.CSharp.SelectMany(Layout.Width));

    [Fact]
    public void A_line_that_is_too_wide_is_seen()
    {
        Assert.Equal(
            2, Assert.Single(Layout.Width(Page($"x\nx {new string('x', Layout.ColumnLimit)}"))).Line);
        Assert.Empty(Layout.Width(Page($"x {new string('x', Layout.ColumnLimit - 2)}")));
        Assert.Empty(Layout.Width(Page($"    {new string('x', Layout.ColumnLimit)}")));
    }

    [Fact]
    public void A_file_ends_with_its_last_line() => Fault.None(
        SourceTree.Files.Where(file => !file.Path.EndsWith(".sln", StringComparison.Ordinal))
            .SelectMany(Layout.Ends));

    [Fact]
    public void A_file_that_ends_otherwise_is_seen()
    {
        Assert.Single(Layout.Ends(Page("x")));
        Assert.Single(Layout.Ends(Page("x\r\n")));
        Assert.Empty(Layout.Ends(Page("x\n")));
    }

    [Fact]
    public void No_file_names_a_path_of_one_machine()
        => Fault.None(SourceTree.Files.SelectMany(Words.MachinePaths));

    [Theory]
    [InlineData("docs/a.md", "cd /ho" + "me/ann/ledger", 1)]
    [InlineData("Ledger.Cli/A.cs", "var x = \"/tm" + "p/ledger\";", 1)]
    [InlineData("tests/A/A.cs", "var x = \"/tm" + "p/ledger\";", 0)]
    [InlineData("docs/a.md", "https://example.com/ho" + "me/ann", 0)]
    [InlineData("docs/a.md", "--tmpfs /tm" + "p", 0)]
    public void A_path_of_one_machine_is_seen(string path, string text, int count)
        => Assert.Equal(count, Words.MachinePaths(new(path, text)).Count());

    [Fact]
    public void No_file_speaks_of_who_wrote_it()
        => Fault.None(SourceTree.Files.SelectMany(Words.WorkplaceWords));

    [Fact]
    public void A_word_about_who_wrote_it_is_seen()
    {
        Assert.Single(Words.WorkplaceWords(Page("Asked a language mo" + "del.")));
        Assert.Empty(Words.WorkplaceWords(Page("User-Agent: OpenApi")));
    }

    [Fact]
    public void Every_link_between_our_pages_leads_somewhere()
        => Fault.None(
            from page in SourceTree.Files
            where page.Path.EndsWith(".md", StringComparison.Ordinal)
            from fault in Links.Broken(page, path => Path.Exists(Path.Combine(SourceTree.Root, path)))
            select fault);

    [Theory]
    [InlineData("[a](missing.md)", 1)]
    [InlineData("[a](missing.md#part \"title\") and [b](../missing.md)", 2)]
    [InlineData("[a](there.md) [b](/docs/there.md) [c](#part) [d](https://example.com/x)", 0)]
    public void A_link_to_nowhere_is_seen(string text, int count)
        => Assert.Equal(count, Links.Broken(new("docs/a.md", text), path => path == "docs/there.md").Count());

    [Fact]
    public void Scripts_stop_at_their_first_fault_and_can_be_run()
        => Fault.None(
            from file in SourceTree.Files
            where file.Text.StartsWith("#!", StringComparison.Ordinal)
            let mode = File.GetUnixFileMode(Path.Combine(SourceTree.Root, file.Path))
            let isShell = file.Text.Split('\n')[0].EndsWith("sh", StringComparison.Ordinal)
            where !mode.HasFlag(UnixFileMode.UserExecute)
                || (isShell && !file.Text.Contains("\nset -eu", StringComparison.Ordinal))
            select new Fault(
                file.Path, 1, "is not executable, or goes on after a fault (set -euo pipefail)"));

    private static SourceFile Page(string text) => new("Ledger.Core/Sample.cs", text);
}
