using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// Looks at the chain and the network: <c>block</c>, <c>validators</c>, <c>status</c>, <c>watch</c>.
/// </summary>
internal static class LookCommands
{
    public static IEnumerable<Command> Build(Terminal terminal)
        => [Block(terminal), Validators(terminal), Status(terminal), Watch(terminal)];

    private static ExampleCommand Block(Terminal terminal)
    {
        Argument<string> height = new("height") { Description = "A height, or 'latest'" };
        height.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != "latest"
                && !ulong.TryParse(token.Value, out _))
            {
                result.AddError($"'{token.Value}' is neither a height nor 'latest'");
            }
        });
        ExampleCommand command = new(
            "block", "Show a block", "ledger block latest", "ledger block 42 --json");
        command.Add(height);
        Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var block = await client.LimitedAsync(
                limit => client.GetAsync<BlockReply>($"v1/blocks/{parsed.GetRequiredValue(height)}", limit),
                cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(block);
                return ExitCode.Done;
            }

            terminal.Line($"height        {block.Height}");
            terminal.Line($"hash          {block.Hash}");
            terminal.Line($"parent        {block.Parent}");
            terminal.Line($"time          {TimeOf(block):yyyy-MM-dd HH:mm:ss.fff}Z");
            terminal.Line($"proposer      {block.Proposer}");
            terminal.Line($"transactions  {block.TransactionCount}");
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Validators(Terminal terminal)
    {
        ExampleCommand command = new(
            "validators", "List the validators, in their order", "ledger validators");
        Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var validators = await client.LimitedAsync(
                limit => client.GetAsync<ValidatorReply[]>("v1/validators", limit), cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(validators);
                return ExitCode.Done;
            }

            Print(terminal, validators);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The members by their seats, how they count, and how far a change has come.</summary>
    public static void Print(Terminal terminal, IEnumerable<ValidatorReply> validators)
    {
        foreach (var validator in validators)
        {
            terminal.Line(
                $"{validator.Index,3}  {validator.Name,-16} {validator.PublicKey}  {validator.Role,-8} "
                + $"{validator.Phase}");
        }
    }

    private static ExampleCommand Status(Terminal terminal)
    {
        ExampleCommand command = new(
            "status", "Show how each node fares", "ledger status",
            "ledger status --node http://127.0.0.1:8080 --node http://127.0.0.1:8090");
        Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var failed = false;
            var nodes = parsed.Nodes(terminal);
            foreach (var node in nodes)
            {
                using NodeClient client = new(
                    [node], TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout)));
                try
                {
                    var status = await client.LimitedAsync(
                        limit => client.GetAsync<StatusReply>("v1/status", limit), cancellationToken);
                    PrintStatus(terminal, parsed, node, status);
                }
                catch (NoNodeAnswersException exception)
                {
                    failed = true;
                    terminal.Fail(nodes.Count == 1 ? exception.Message : exception.AmongOthers);
                }
            }

            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Watch(Terminal terminal)
    {
        Option<ulong?> from = new("--from")
        {
            Description = "The first height to show [the next block]",
            HelpName = "H",
        };
        ExampleCommand command = new(
            "watch", "Follow the chain, a line per block, until Ctrl-C", "ledger watch",
            "ledger watch --from 1 --json",
            "ledger watch --verify --genesis genesis.json");
        command.Add(from);
        command.Add(VerifiedWatch.Verify);
        command.Add(VerifiedWatch.GenesisPath);
        Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var start = parsed.GetValue(from)
                ?? (await client.LimitedAsync(
                    limit => client.GetAsync<StatusReply>("v1/status", limit), cancellationToken)).Height + 1;
            if (parsed.GetValue(VerifiedWatch.Verify))
            {
                return await VerifiedWatch.RunAsync(terminal, parsed, client, start, cancellationToken);
            }

            await foreach (
                var block in BlockStream.FollowAsync(client, start, terminal.Remark, cancellationToken))
            {
                PrintBlock(terminal, parsed, block);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void PrintBlock(Terminal terminal, ParseResult parsed, BlockReply block)
    {
        if (parsed.IsJson())
        {
            terminal.Json(block);
            return;
        }

        terminal.Line(
            $"{TimeOf(block):HH:mm:ss.fff}  block {block.Height,-8} {block.Hash[..8]}  "
            + $"{block.TransactionCount,5} {Plural.Of(block.TransactionCount, "transaction"),-12}  "
            + $"proposer {block.Proposer}");
        terminal.Output.Flush();
    }

    private static void PrintStatus(Terminal terminal, ParseResult parsed, Uri node, StatusReply status)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new { Node = node, Status = status });
            return;
        }

        terminal.Line($"{status.Validator} at {node} is {status.State}");
        terminal.Line($"  chain {status.ChainId} ({status.Mode}), {status.Role ?? "no validator"}, height "
            + $"{status.Height}");
        var (view, primary) = status.Mode == "raft" ? ("term", "leader") : ("view", "primary");
        terminal.Line(
            $"  {view} {new View(status.View)}, {primary} {status.Primary ?? "unknown"}, {status.Peers} "
            + $"{Plural.Of(status.Peers, "peer")}, {status.MempoolTransactions} "
            + $"{Plural.Of(status.MempoolTransactions, "transaction")} waiting");
    }

    private static DateTimeOffset TimeOf(BlockReply block)
        => DateTimeOffset.FromUnixTimeMilliseconds(block.Time);

    private static void Connects(ExampleCommand command)
    {
        command.Add(CommonOptions.Node);
        command.Add(CommonOptions.Timeout);
    }
}
