using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger version</c>, and <c>ledger --version</c>, which says the same.</summary>
internal static class VersionCommand
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand command = new(
            "version", "Show the version of this tool", "ledger version", "ledger --version");
        command.SetAction(parsed => Show(parsed, terminal));
        return command;
    }

    public static Option Option(Terminal terminal) => new Option<bool>("--version")
    {
        Description = "Show the version of this tool",
        Action = new ShowVersion(terminal),
    };

    private static int Show(ParseResult parsed, Terminal terminal)
    {
        var version = typeof(VersionCommand).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        if (parsed.IsJson())
        {
            terminal.Json(new { Version = version, Runtime = RuntimeInformation.FrameworkDescription });
        }
        else
        {
            terminal.Line($"ledger {version} on {RuntimeInformation.FrameworkDescription}");
        }

        return ExitCode.Done;
    }

    private sealed class ShowVersion(Terminal terminal) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult) => Show(parseResult, terminal);
    }
}
