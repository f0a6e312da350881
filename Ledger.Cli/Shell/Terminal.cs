using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Cli.Shell;

/// <summary>
/// Where a command speaks: data on <paramref name="output"/>, words on <paramref name="error"/>. Handed in,
/// so that a test can listen and set the environment.
/// </summary>
internal sealed class Terminal(
    TextWriter output, TextWriter error, bool isInteractive, Func<string, string?> environment)
{
    private static readonly JsonSerializerOptions OneLine = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>Whether a person watches: only then are there progress bars and live views.</summary>
    public bool IsInteractive { get; } = isInteractive;

    public static Terminal ForThisProcess() => new(
        Console.Out, Console.Error, !Console.IsOutputRedirected, Environment.GetEnvironmentVariable);

    public string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;

    public void Line(string text = "") => Output.WriteLine(text);

    /// <summary>One JSON document on one line.</summary>
    public void Json<T>(T document)
    {
        Output.WriteLine(JsonSerializer.Serialize(document, OneLine));
        Output.Flush();
    }

    public void Fail(string whatAndMend) => Error.WriteLine($"error: {whatAndMend}");

    /// <summary>Words beside the data: they never mix with what a script reads.</summary>
    public void Remark(string text) => Error.WriteLine(text);
}
