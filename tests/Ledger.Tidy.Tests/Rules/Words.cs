using System.Text.RegularExpressions;

namespace Ledger.Tidy.Tests.Rules;

/// <summary>
/// Words that have no place: unfinished work in the product, and a builder's own machine anywhere.
/// </summary>
public static partial class Words
{
    /// <summary>Written in two halves, so that this file keeps the rule that it checks.</summary>
    private static readonly string[] Workplace =
    [
        "Cla" + "ude", "Anth" + "ropic", "Chat" + "GPT", "Copi" + "lot", "language " + "model",
        "sub" + "agent",
        "BRI" + "EF.md", "AI-" + "generated", "DESI" + "GN.md section",
    ];

    /// <summary>Unfinished, or another state than the four that we know (STYLE: proposed to final).</summary>
    public static IEnumerable<Fault> Unfinished(SourceFile file)
        => from line in file.Lines
           from Match match in UnfinishedPattern().Matches(line.Text)
           select new Fault(file.Path, line.Number, $"'{match.Value}' has no place in the product");

    public static IEnumerable<Fault> MachinePaths(SourceFile file)
        => from line in file.Lines
           from Match match in MachinePathPattern().Matches(line.Text)
           where !(file.Room == "tests" && match.Value.StartsWith("/tmp", StringComparison.Ordinal))
           select new Fault(file.Path, line.Number, $"'{match.Value}...' is a path of one machine");

    public static IEnumerable<Fault> WorkplaceWords(SourceFile file)
        => from line in file.Lines
           from word in Workplace
           where line.Text.Contains(word, StringComparison.OrdinalIgnoreCase)
           select new Fault(file.Path, line.Number, $"'{word}' is not of this project");

    [GeneratedRegex(
        @"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b|\b(?i:stubs?|confirmed|confirmations?)\b")]
    private static partial Regex UnfinishedPattern();

    [GeneratedRegex(@"(?<![\w.~/$})])/(?:work|farm|home|root|tmp)/[A-Za-z.]")]
    private static partial Regex MachinePathPattern();
}
