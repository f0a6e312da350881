using System.Collections;
using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Node.Configuration;
using Ledger.Node.Hosting;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger node run</c> and <c>ledger config show</c>: one validator, and what it was told.
/// </summary>
internal static class NodeCommands
{
    public static IEnumerable<Command> Build(Terminal terminal)
    {
        ExampleCommand node = new("node", "Run a validator", "ledger node run --config node.json");
        node.Add(Run(terminal));
        node.Add(ProbeCommand.Build(terminal));
        yield return node;
        ExampleCommand config = new(
            "config", "Look at a validator's settings", "ledger config show --config node.json --origin");
        config.Add(Show(terminal));
        yield return config;
    }

    private static ExampleCommand Run(Terminal terminal)
    {
        var (file, settings) = (ConfigOption(), SettingsOption());
        Option<bool> check = new("--check-config")
        {
            Description =
            "Check everything that is read at the start, and start nothing"
        };
        ExampleCommand command = new(
            "run", "Run one validator until SIGTERM or Ctrl-C", "ledger node run --config node.json",
            "ledger node run --config node.json --check-config",
            "ledger node run --config node.json --set http.listen=0.0.0.0:8080");
        command.Add(file);
        command.Add(settings);
        command.Add(check);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                var options = Load(parsed.GetRequiredValue(file), parsed.GetValue(settings) ?? []);
                if (!parsed.GetValue(check))
                {
                    return await LedgerNode.RunAsync(options, cancellationToken);
                }

                LedgerNode.Check(options);
                if (parsed.IsJson())
                {
                    terminal.Json(new { Valid = true });
                }
                else
                {
                    terminal.Line("The configuration is valid.");
                }

                return ExitCode.Done;
            }
            catch (ConfigurationException exception)
            {
                terminal.Fail(
                    $"{exception.Message}\ncorrect these; 'ledger config show' lists every setting");
                return ExitCode.BadConfiguration;
            }
        });
        return command;
    }

    private static ExampleCommand Show(Terminal terminal)
    {
        var (file, settings) = (ConfigOption(), SettingsOption());
        Option<bool> origin = new("--origin") { Description = "Say where each value came from" };
        ExampleCommand command = new(
            "show", "List every setting and its value", "ledger config show --config node.json --origin");
        command.Add(file);
        command.Add(settings);
        command.Add(origin);
        command.SetAction(parsed =>
        {
            try
            {
                var options = Load(parsed.GetRequiredValue(file), parsed.GetValue(settings) ?? []);
                Print(terminal, parsed, options, parsed.GetValue(origin));
                return ExitCode.Done;
            }
            catch (ConfigurationException exception)
            {
                terminal.Fail(exception.Message);
                return ExitCode.BadConfiguration;
            }
        });
        return command;
    }

    private static void Print(Terminal terminal, ParseResult parsed, NodeOptions options, bool origin)
    {
        if (parsed.IsJson())
        {
            terminal.Json(options.Values);
            return;
        }

        var width = options.Values.Max(value => value.Path.Length);
        foreach (var value in options.Values)
        {
            var source = origin ? $"{value.Origin,-12} " : "";
            terminal.Line($"{value.Path.PadRight(width)}  {source}{value.Value}");
        }
    }

    public static NodeOptions Load(string file, IReadOnlyList<string> settings)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        Dictionary<string, string> flags = [];
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new CliException($"--set '{setting}' is no PATH=VALUE",
                    "write --set http.listen=0.0.0.0:8080", ExitCode.Usage);
            }

            flags[setting[..equals]] = setting[(equals + 1)..];
        }

        return NodeOptionsLoader.Load(file, environment, flags);
    }

    public static Option<string> ConfigOption() => new("--config")
    {
        Description = "The validator's node.json",
        Required = true,
        HelpName = "FILE",
    };

    public static Option<string[]> SettingsOption() => new("--set")
    {
        Description = "Overrides one setting; may be given again",
        HelpName = "PATH=VALUE",
    };
}
