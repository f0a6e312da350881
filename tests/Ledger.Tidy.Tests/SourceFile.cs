namespace Ledger.Tidy.Tests;

/// <summary>A text file of the tree.</summary>
/// <param name="Path">From the root, with forward slashes.</param>
/// <param name="Text">All of it.</param>
public sealed record SourceFile(string Path, string Text)
{
    private string? _code;

    /// <summary>The text with the contents of comments and strings blanked, at the same places.</summary>
    public string Code => _code ??= CodeText.Of(Text);

    /// <summary>The floor or part of the house that it lies in: its first folder.</summary>
    public string Room => Path.Split('/')[0];

    public string FileName => System.IO.Path.GetFileName(Path);

    public IEnumerable<(int Number, string Text)> Lines => Numbered(Text);

    public IEnumerable<(int Number, string Text)> CodeLines => Numbered(Code);

    private static IEnumerable<(int Number, string Text)> Numbered(string text)
        => text.Split('\n').Select((line, index) => (index + 1, line.TrimEnd('\r')));
}
