using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using Ledger.Cli.Shell;
using Ledger.Node.Configuration;
using Ledger.Node.Hosting;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger node run</c> and <c>ledger config show</c>: one validator, and what it is told.</summary>
internal static class NodeCommands
{
    private static readonly Option<string> Config = new("--config")
    {
        Description = "The validator's node.json",
        Required = true,
        HelpName = "FILE",
    };

    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "Override a value: it wins over the environment (LEDGER__Section__Key) and the file",
        HelpName = "PATH=VALUE",
        Validators = { result => RefuseNoPair(result) },
    };

    public static IEnumerable<Command> Build(Terminal terminal)
    {
        ExampleCommand node = new("node", "Run a validator", "ledger node run --config network/validator-1/node.json");
        node.Add(Run(terminal));
        ExampleCommand config = new("config", "Look at a configuration", "ledger config show --config node.json --origin");
        config.Add(Show(terminal));
        return [node, config];
    }

    private static ExampleCommand Run(Terminal terminal)
    {
        Option<bool> check = new("--check-config") { Description = "Check everything it would start with, and start nothing" };
        ExampleCommand command = new(
            "run", "Run one validator until SIGTERM or Ctrl-C",
            "ledger node run --config network/validator-1/node.json",
            "ledger node run --config node.json --check-config",
            "ledger node run --config node.json --set log.level=debug");
        command.Add(Config);
        command.Add(Set);
        command.Add(check);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = Load(parsed);
            if (!parsed.GetValue(check))
            {
                return await LedgerNode.RunAsync(options, cancellationToken);
            }

            LedgerNode.Check(options);
            terminal.Line("the configuration is good");
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Show(Terminal terminal)
    {
        Option<bool> origin = new("--origin")
        {
            Description = "Also say where each value came from: default, file, environment or flag",
        };
        ExampleCommand command = new(
            "show", "Show every value that a node would run with", "ledger config show --config node.json --origin");
        command.Add(Config);
        command.Add(Set);
        command.Add(origin);
        command.SetAction(parsed =>
        {
            var withOrigin = parsed.GetValue(origin);
            foreach (var (path, value, from) in Load(parsed).Values)
            {
                if (parsed.IsJson())
                {
                    terminal.Json(new { Path = path, Value = value, Origin = withOrigin ? from : null });
                }
                else
                {
                    terminal.Line(withOrigin ? $"{path,-34} {value,-28} {from}" : $"{path,-34} {value}");
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static NodeOptions Load(ParseResult parsed)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        var flags = (parsed.GetValue(Set) ?? []).Select(pair => pair.Split('=', 2))
            .GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => group.Last()[1]);
        return NodeOptionsLoader.Load(parsed.GetRequiredValue(Config), environment, flags);
    }

    private static void RefuseNoPair(OptionResult result)
    {
        foreach (var token in result.Tokens)
        {
            if (!token.Value.Contains('=', StringComparison.Ordinal))
            {
                result.AddError($"--set takes PATH=VALUE, such as log.level=debug, not '{token.Value}'");
            }
        }
    }
}
