namespace Ledger.Tidy.Tests.Rules;

/// <summary>How a file lies on the page.</summary>
public static class Layout
{
    public const int LineLimit = 450;
    public const int ColumnLimit = 110;

    public static IEnumerable<Fault> Length(SourceFile file)
    {
        var lines = file.Text.Count(letter => letter == '\n');
        return lines > LineLimit
            ? [new(file.Path, lines, $"more than {LineLimit} lines: ask what moved in")]
            : [];
    }

    /// <summary>A line of one word, such as a vector in hexadecimal, has no place to break at.</summary>
    public static IEnumerable<Fault> Width(SourceFile file)
        => from line in file.Lines
           where line.Text.Length > ColumnLimit && line.Text.Trim().Contains(' ', StringComparison.Ordinal)
           select new Fault(file.Path, line.Number, $"{line.Text.Length} columns, more than {ColumnLimit}");

    public static IEnumerable<Fault> Ends(SourceFile file)
    {
        if (file.Text.Length > 0 && !file.Text.EndsWith('\n'))
        {
            yield return new(file.Path, 1, "no line end at the end");
        }

        if (file.Text.Contains('\r', StringComparison.Ordinal))
        {
            yield return new(file.Path, 1, "line ends of another system");
        }
    }
}
