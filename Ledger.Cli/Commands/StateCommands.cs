using System.CommandLine;
using System.Text;
using Ledger.Cli.Client;
using Ledger.Cli.Keys;
using Ledger.Cli.Shell;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>Reads of the state: <c>get</c>, <c>history</c>, <c>balance</c>.</summary>
internal static class StateCommands
{
    public static IEnumerable<Command> Build(Terminal terminal)
        => [Get(terminal), History(terminal), Balance(terminal)];

    private static ExampleCommand Get(Terminal terminal)
    {
        var (space, key) = KeyArguments();
        var consistency = ConsistencyOption();
        ExampleCommand command = new(
            "get", "Read a key", "ledger get notes greeting",
            "ledger get notes greeting --consistency linearizable",
            "ledger get notes greeting --prove --out greeting.proof.json");
        command.Add(space);
        command.Add(key);
        command.Add(consistency);
        StateProofCommand.AddOptions(command);
        return Asks(command, async (parsed, client, cancellationToken) =>
        {
            if (StateProofCommand.IsAsked(parsed))
            {
                await StateProofCommand.SaveAsync(
                    terminal, parsed, client, parsed.GetRequiredValue(space), parsed.GetRequiredValue(key),
                    parsed.GetRequiredValue(consistency), cancellationToken);
                return;
            }

            var path =
                $"v1/state/{PathOf(parsed, space, key)}&consistency={parsed.GetRequiredValue(consistency)}";
            var entry = await client.FindAsync<StateReply>(path, cancellationToken)
                ?? throw NoKey(parsed, space, key);
            if (parsed.IsJson())
            {
                terminal.Json(entry);
            }
            else
            {
                terminal.Line(TextOf(entry.Value));
                terminal.Remark(
                    $"version {entry.Version}, read at height {entry.Height}, "
                    + $"{parsed.GetRequiredValue(consistency)}");
            }
        }, terminal);
    }

    private static ExampleCommand History(Terminal terminal)
    {
        var (space, key) = KeyArguments();
        Option<int> limit = new("--limit")
        {
            Description = "How many of the newest changes; 1 to 10000",
            DefaultValueFactory = _ => 100,
            HelpName = "N",
        };
        ExampleCommand command = new(
            "history", "List the newest changes of a key, oldest first", "ledger history notes greeting");
        command.Add(space);
        command.Add(key);
        command.Add(limit);
        return Asks(command, async (parsed, client, cancellationToken) =>
        {
            var entries = await client.FindAsync<HistoryEntry[]>(
                $"v1/history/{PathOf(parsed, space, key)}&limit={parsed.GetValue(limit)}", cancellationToken)
                ?? throw NoKey(parsed, space, key);
            foreach (var entry in entries.Reverse())
            {
                if (parsed.IsJson())
                {
                    terminal.Json(entry);
                }
                else
                {
                    var value = entry.Value is { } put ? TextOf(put) : "(deleted)";
                    terminal.Line($"{entry.Height,8}  v{entry.Version,-6} {value}");
                }
            }
        }, terminal);
    }

    private static ExampleCommand Balance(Terminal terminal)
    {
        Argument<string?> account = new("account")
        {
            Description = "An address, or a key file that holds it [the --key's]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Argument<string?> asset = new("asset")
        {
            Description = "Only this asset",
            Arity = ArgumentArity.ZeroOrOne,
        };
        ExampleCommand command = new(
            "balance", "Show what an account owns and may do", "ledger balance alice.key.json",
            "ledger balance alice.key.json gold --consistency linearizable");
        var consistency = ConsistencyOption();
        command.Add(account);
        command.Add(asset);
        command.Add(consistency);
        command.Add(CommonOptions.Key);
        return Asks(command, async (parsed, client, cancellationToken) =>
        {
            var address = parsed.GetValue(account) is { } named
                ? Accounts.Parse(named)
                : KeyFiles.Describe(parsed.KeyPath(terminal)).PublicKey;
            var reply = await client.GetAsync<AccountReply>(
                $"v1/accounts/{address}?consistency={parsed.GetRequiredValue(consistency)}",
                cancellationToken);
            var wanted = parsed.GetValue(asset);
            var balances = reply.Balances.Where(b => wanted is null || b.Asset == wanted).ToList();
            if (parsed.IsJson())
            {
                terminal.Json(reply with { Balances = balances });
                return;
            }

            terminal.Line($"account  {reply.Address}");
            foreach (var balance in balances)
            {
                terminal.Line($"balance  {balance.Amount} {balance.Asset}");
            }

            foreach (var role in wanted is null ? reply.Roles : [])
            {
                terminal.Line(
                    $"role     {role.Role}{(role.Namespace is { Length: > 0 } space ? $" in {space}" : "")}");
            }
        }, terminal);
    }

    private static ExampleCommand Asks(
        ExampleCommand command, Func<ParseResult, NodeClient, CancellationToken, Task> ask, Terminal terminal)
    {
        command.Add(CommonOptions.Node);
        command.Add(CommonOptions.Timeout);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            return await client.LimitedAsync(
                async limit =>
                {
                    await ask(parsed, client, limit);
                    return ExitCode.Done;
                },
                cancellationToken);
        });
        return command;
    }

    private static Option<string> ConsistencyOption()
    {
        Option<string> consistency = new("--consistency")
        {
            Description = "local: what this node has; linearizable: nothing older than when you asked",
            DefaultValueFactory = _ => "local",
            HelpName = "local|linearizable",
        };
        consistency.AcceptOnlyFromAmong("local", "linearizable");
        return consistency;
    }

    private static (Argument<string> Namespace, Argument<string> Key) KeyArguments()
        => (new("namespace") { Description = "The namespace" }, new("key") { Description = "The key in it" });

    /// <summary>The key as a parameter: in a path, slashes and dots of its own would not survive.</summary>
    private static string PathOf(ParseResult parsed, Argument<string> space, Argument<string> key)
        => Uri.EscapeDataString(parsed.GetRequiredValue(space))
            + $"?key={Uri.EscapeDataString(parsed.GetRequiredValue(key))}";

    private static CliException NoKey(ParseResult parsed, Argument<string> space, Argument<string> key)
        => new(
        $"there is no key '{parsed.GetRequiredValue(key)}' in namespace '{parsed.GetRequiredValue(space)}'",
        "check both names; what was put just now may reach this node a moment later");

    /// <summary>A value is bytes; most are text, and what is not is shown as it travels.</summary>
    private static string TextOf(string base64)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true)
                .GetString(Convert.FromBase64String(base64));
        }
        catch (Exception exception) when (exception is DecoderFallbackException or FormatException)
        {
            return base64;
        }
    }
}
