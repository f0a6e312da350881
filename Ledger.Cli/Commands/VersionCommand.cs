using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger version</c>.</summary>
internal static class VersionCommand
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand command = new("version", "Show the version of this tool", "ledger version");
        command.SetAction(parsed =>
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
        });
        return command;
    }
}
