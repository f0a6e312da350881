using System.Text.RegularExpressions;

namespace Ledger.Tidy.Tests.Rules;

/// <summary>
/// The order in which a hash table is read differs between runs: it must not reach an order or a digest. Seen
/// by name within one file, which is how far this code lets such tables go.
/// </summary>
public static partial class HashOrder
{
    public static IEnumerable<Fault> Enumerated(SourceFile file)
    {
        var tables = TablePattern().Matches(file.Code)
            .Select(match => match.Groups["name"].Value).ToHashSet();
        return from line in file.CodeLines
               from Match match in UsePattern().Matches(line.Text)
               where tables.Contains(match.Groups["name"].Value)
               select new Fault(
                   file.Path, line.Number, $"'{match.Value.Trim()}' reads a hash table in its order");
    }

    [GeneratedRegex(
        @"(?<!Sorted|\w)(?:Dictionary|HashSet|ISet|IReadOnlyDictionary)<.*>\??\s+(?<name>\w+)\s*(?=[=;,){])"
        + @"|\b(?<name>\w+)\s*=\s*new\s+(?:Dictionary|HashSet)<")]
    private static partial Regex TablePattern();

    [GeneratedRegex(
        @"\bin\s+(?<name>\w+)(?:\.(?:Keys|Values))?\s*\)"
        + @"|\.\.\s*(?<name>\w+)(?:\.(?:Keys|Values))?\b"
        + @"|\b(?<name>\w+)(?:\.(?:Keys|Values))?"
        + @"\.(?:Select|Where|First|Last|ToArray|ToList|Aggregate|GetEnumerator|CopyTo|Take|Skip)\w*\(")]
    private static partial Regex UsePattern();
}
