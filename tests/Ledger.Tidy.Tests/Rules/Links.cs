using System.Text.RegularExpressions;

namespace Ledger.Tidy.Tests.Rules;

/// <summary>Links between our own pages lead somewhere.</summary>
public static partial class Links
{
    /// <param name="page">A Markdown page.</param>
    /// <param name="exists">Whether a file or folder stands at a path from the root.</param>
    public static IEnumerable<Fault> Broken(SourceFile page, Predicate<string> exists)
        => from line in page.Lines
           from Match match in LinkPattern().Matches(line.Text)
           let target = match.Groups["target"].Value
           where !target.Contains(':', StringComparison.Ordinal) && !target.StartsWith('#')
           let path = Resolve(page.Path, target.Split('#')[0])
           where !exists(path)
           select new Fault(page.Path, line.Number, $"links to {target}, where nothing is");

    private static string Resolve(string page, string target)
    {
        var folder = Path.Combine("/", Path.GetDirectoryName(page) ?? "");
        return Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(target))).TrimStart('/');
    }

    [GeneratedRegex(@"\]\(<?(?<target>[^)\s>]+)>?(?:\s+""[^""]*"")?\)")]
    private static partial Regex LinkPattern();
}
