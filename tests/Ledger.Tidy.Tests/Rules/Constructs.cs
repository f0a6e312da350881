using System.Text.RegularExpressions;

namespace Ledger.Tidy.Tests.Rules;

/// <summary>C# that this house does without.</summary>
public static partial class Constructs
{
    public static IEnumerable<Fault> Banned(SourceFile file)
        => Matches(file, BannedPattern(), "is not used here");

    /// <summary>A thread that waits for a task takes it from those that would finish the task.</summary>
    public static IEnumerable<Fault> Blocking(SourceFile file)
        => Matches(file, BlockingPattern(), "blocks a thread: await instead");

    /// <summary>A test that sleeps is slow when it passes and flaky when it fails.</summary>
    public static IEnumerable<Fault> SleepingTests(SourceFile file)
        => Matches(file, SleepPattern(), "in a test: wait for what it waits for");

    /// <summary>
    /// A test that is switched off shows nothing; one that cannot run here says so as it runs.
    /// </summary>
    public static IEnumerable<Fault> SkippedTests(SourceFile file)
        => Matches(file, SkippedPattern(), "switches a test off");

    /// <summary>The analyzer sees types; the keyword and a using directive are ours to see.</summary>
    public static IEnumerable<Fault> Concurrency(SourceFile file)
        => Matches(file, ConcurrencyPattern(), "in the core, which has no threads");

    public static IEnumerable<Fault> StaticMutableState(SourceFile file)
        => from line in file.CodeLines
           where StaticFieldPattern().IsMatch(line.Text) || StaticSetterPattern().IsMatch(line.Text)
           select new Fault(file.Path, line.Number, "static state that changes belongs to an instance");

    public static IEnumerable<Fault> OpenClasses(SourceFile file)
        => Matches(file, OpenClassPattern(), "is neither sealed, static nor abstract");

    /// <summary>The name says that a caller must await, where the framework does not fix it.</summary>
    public static IEnumerable<Fault> AsyncNames(SourceFile file)
        => from line in file.CodeLines
           let match = AsyncMethodPattern().Match(line.Text)
           where match.Success && !match.Groups["name"].Value.EndsWith("Async", StringComparison.Ordinal)
           where match.Groups["name"].Value != "Main"
           select new Fault(file.Path, line.Number, $"'{match.Groups["name"].Value}' does not end in Async");

    public static IEnumerable<Fault> Namespaces(SourceFile file)
    {
        if (BlockNamespacePattern().IsMatch(file.Code))
        {
            yield return new(file.Path, 1, "the namespace has braces");
        }
        else if (!FileNamespacePattern().IsMatch(file.Code) && DeclaresType().IsMatch(file.Code))
        {
            yield return new(file.Path, 1, "a type without a namespace");
        }
    }

    private static IEnumerable<Fault> Matches(SourceFile file, Regex pattern, string why)
        => from line in file.CodeLines
           from Match match in pattern.Matches(line.Text)
           select new Fault(file.Path, line.Number, $"'{match.Value.Trim()}' {why}");

    [GeneratedRegex(
        @"#region|#pragma warning disable|\basync\s+void\b|\bThread\.Sleep\b|\bSuppressMessage\b|\bgoto\b")]
    private static partial Regex BannedPattern();

    [GeneratedRegex(@"(?<!\.Value)\.Result\b(?!\s*[=(])|\.Wait\(|\.GetAwaiter\(\)\.GetResult\(")]
    private static partial Regex BlockingPattern();

    [GeneratedRegex(@"\bThread\.Sleep\b|\bTask\.Delay\b")]
    private static partial Regex SleepPattern();

    [GeneratedRegex(@"\[(Fact|Theory)\s*\(.*\bSkip\s*=")]
    private static partial Regex SkippedPattern();

    [GeneratedRegex(
        @"\block\s*\(|\bSystem\.Threading\b|\basync\b|\bawait\b|\bvolatile\b|\bThread(Local|Static|Pool)\b")]
    private static partial Regex ConcurrencyPattern();

    [GeneratedRegex(
        @"^\s*(?:\[[^\]]*\]\s*)?(?=[\w ]*\bstatic\b)"
        + @"(?![\w ]*\b(?:readonly|const|class|struct|record|partial|operator|extern|using|abstract)\b)"
        + @"(?:(?:public|internal|protected|private|static|volatile|new|unsafe)\s+)+"
        + @"[\w<>?\[\],. ()]+?\s+\w+\s*(?:=(?![>=]).*)?;?\s*$(?<=;\s*|=\s*)")]
    private static partial Regex StaticFieldPattern();

    [GeneratedRegex(@"\bstatic\b[^=(]*\{\s*get;\s*(?:\w+\s+)?set;")]
    private static partial Regex StaticSetterPattern();

    [GeneratedRegex(
        @"^\s*(?:(?:public|internal|private|protected|file|partial|unsafe)\s+)*(?<!sealed |static |abstract )"
        + @"(?:class|record(?!\s+struct)(?:\s+class)?)\s+[A-Z]\w*")]
    private static partial Regex OpenClassPattern();

    [GeneratedRegex(
        @"\basync\s+(?:Task|ValueTask|IAsyncEnumerable)(?:<[^(]*>)?\s+(?<name>\w+)\s*(?:<[^(]*>)?\(")]
    private static partial Regex AsyncMethodPattern();

    [GeneratedRegex(@"^namespace\s+[\w.]+\s*(?:\r?\n)?\{", RegexOptions.Multiline)]
    private static partial Regex BlockNamespacePattern();

    [GeneratedRegex(@"^namespace\s+[\w.]+;", RegexOptions.Multiline)]
    private static partial Regex FileNamespacePattern();

    [GeneratedRegex(
        @"^(?:public|internal|file)\s.*\b(?:class|struct|record|interface|enum)\b", RegexOptions.Multiline)]
    private static partial Regex DeclaresType();
}
