using System.CommandLine;
using System.Text.Json;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// The verbs of <c>ledger admin</c> that change how one node behaves until its next start: pause, resume,
/// drain, log level; and a look at its journal.
/// </summary>
internal static class OperateCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public static IEnumerable<Command> Build(Terminal terminal) =>
    [
        Becomes(
            terminal, "pause", "Have this node leave proposing to others; it goes on voting and serving",
            "paused",
            "It votes and serves, and proposes no block. 'ledger admin resume' ends this; so does a "
            + "restart."),
        Becomes(
            terminal, "resume", "Have this node do all its duties again, after a pause or a drain", "full",
            "It does all its duties."),
        Drain(terminal), LogLevel(terminal), Journal(terminal),
    ];

    private static ExampleCommand Becomes(
        Terminal terminal, string name, string description, string duty, string words)
    {
        ExampleCommand command = new(
            name, description, $"ledger admin {name}", $"ledger admin {name} --admin http://127.0.0.1:8091");
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = AdminCommands.Connect(parsed, terminal);
            var reply = await client.PutAsync<DutyReply>("duty", new DutyRequest(duty), cancellationToken);
            Print(terminal, parsed, reply, words);
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Drain(Terminal terminal)
    {
        ExampleCommand command = new(
            "drain", "Have this node take no new transactions, and wait until it may be stopped without "
            + "anybody's missing it",
            "ledger admin drain", "ledger admin drain --timeout 60 --admin http://127.0.0.1:8091");
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = AdminCommands.Connect(parsed, terminal);
            var limit = TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout));
            var reply = await client.PutAsync<DutyReply>(
                "duty", new DutyRequest("draining"), cancellationToken);
            var isDrained = await Polling.UntilAsync(
                async () => (reply = await client.GetAsync<DutyReply>("duty", cancellationToken)).Drained,
                LookEvery, limit, cancellationToken);
            if (!isDrained)
            {
                throw new CliException(
                    $"it is not drained after {limit.TotalSeconds:0} s: clients wait for "
                    + $"{reply.WaitingTransactions} "
                    + Plural.Of(reply.WaitingTransactions, "transaction")
                    + (reply.IsPrimary ? ", and it still proposes" : ""),
                    "see with 'ledger doctor' whether the network advances; it goes on draining until "
                    + "'ledger admin resume'",
                    ExitCode.TimedOut);
            }

            Print(terminal, parsed, reply, "It is drained: stop it now.");
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand LogLevel(Terminal terminal)
    {
        Argument<string?> level = new("level")
        {
            Description = "trace, debug, information, warning or error; without it, the present one is shown",
            Arity = ArgumentArity.ZeroOrOne,
        };
        level.AcceptOnlyFromAmong("trace", "debug", "information", "warning", "error");
        ExampleCommand command = new(
            "log-level", "Show or change how much this node logs, until its next start",
            "ledger admin log-level debug",
            "ledger admin log-level");
        command.Add(level);
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = AdminCommands.Connect(parsed, terminal);
            var reply = parsed.GetValue(level) is { } wanted
                ? await client.PutAsync<LogLevelReply>(
                    "log-level", new LogLevelReply(wanted), cancellationToken)
                : await client.GetAsync<LogLevelReply>("log-level", cancellationToken);
            Print(terminal, parsed, reply, reply.Level);
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Journal(Terminal terminal)
    {
        Option<int> last = new("--last")
        {
            Description = "How many of the last records to show, at most 64",
            DefaultValueFactory = _ => 20,
            HelpName = "N",
            Validators = { result => CommonOptions.Positive(result, "--last") },
        };
        ExampleCommand command = new(
            "journal", "Show what this validator has promised: its consensus journal", "ledger admin journal",
            "ledger admin journal --last 5 --json");
        command.Add(last);
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = AdminCommands.Connect(parsed, terminal);
            var journal = await client.GetAsync<JournalReply>(
                $"journal?last={parsed.GetValue(last)}", cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(journal);
                return ExitCode.Done;
            }

            terminal.Line($"{journal.Records} {Plural.Of(journal.Records, "record")}, {journal.Bytes} bytes: "
                + string.Join(", ", journal.Kinds.Select(kind => $"{kind.Value} {WordsFor(kind.Key)}")));
            foreach (var record in journal.Last)
            {
                terminal.Line($"  {record}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>A record's kind is called as the code calls it: "TermEntered".</summary>
    private static string WordsFor(string kind)
        => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind).Replace('_', ' ');

    private static void Print<T>(Terminal terminal, ParseResult parsed, T reply, string words)
    {
        if (parsed.IsJson())
        {
            terminal.Json(reply);
        }
        else
        {
            terminal.Line(words);
        }
    }
}
