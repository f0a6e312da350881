using System.Text.Json.Nodes;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>What one command said and how it ended.</summary>
internal sealed record Said(int Exit, string Output, string Error)
{
    /// <summary>The one JSON document on the output; fails when there is more, or less.</summary>
    public JsonNode Json
    {
        get
        {
            Assert.Single(Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            return JsonNode.Parse(Output)!;
        }
    }
}

/// <summary>The tool, run within this process, with an environment of its own.</summary>
internal static class Tool
{
    public static Task<Said> RunAsync(params string[] arguments) => RunWithAsync([], arguments);

    public static async Task<Said> RunWithAsync(
        Dictionary<string, string> environment, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Terminal terminal = new(output, error, isInteractive: false, environment.GetValueOrDefault);
        var exit = await CommandLine.RunAsync(arguments, terminal, TestContext.Current.CancellationToken);
        return new(exit, output.ToString(), error.ToString());
    }

    /// <summary>An error says what is wrong and, after a semicolon, how to mend it; data is none.</summary>
    public static void AssertRefused(Said said, int exit, string what)
    {
        Assert.Equal((exit, ""), (said.Exit, said.Output));
        Assert.Matches("^error: .+; .+\n$", said.Error);
        Assert.Contains(what, said.Error, StringComparison.Ordinal);
    }
}
