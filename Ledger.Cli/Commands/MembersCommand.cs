using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Keys;
using Ledger.Cli.Shell;
using Ledger.Cli.Submit;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger admin members</c>: asks the leader whether the change may be, orders it as the admin's
/// transaction, and waits until it is over.
/// </summary>
internal static class MembersCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Return when the transaction is final, before the change is over",
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand members = new(
            "members", "Add, promote, remove and replace validators, by an admin's transaction",
            "ledger admin members promote validator-4 --key admin.key.json");
        members.Add(Add(terminal));
        members.Add(Promote(terminal));
        members.Add(Remove(terminal));
        members.Add(Replace(terminal));
        return members;
    }

    private static ExampleCommand Add(Terminal terminal)
    {
        Argument<string> name = new("name") { Description = "A name that no other member has" };
        Argument<string> key = new("validator") { Description = "Its address, or a key file that holds it" };
        Argument<string> address = new("address") { Description = "Where its peers reach it, as host:port" };
        ExampleCommand command = new(
            "add", "Add a validator: in Raft it learns, and votes once it is promoted; in PBFT, and as a "
                + "witness, it votes at once",
            "ledger admin members add validator-4 validator.key.json 10.0.0.4:7000 --key admin.key.json",
            "ledger admin members add witness-1 validator.key.json 10.0.0.5:7000 --witness --key "
            + "admin.key.json");
        command.Add(name);
        command.Add(key);
        command.Add(address);
        command.Add(TransactionCommands.Witness);
        return Changes(command, terminal, (parsed, _) =>
        [
            new Operation.AddValidator(
                parsed.GetRequiredValue(name), Accounts.Parse(parsed.GetRequiredValue(key)),
                parsed.GetRequiredValue(address), parsed.GetValue(TransactionCommands.Witness)),
        ]);
    }

    private static ExampleCommand Promote(Terminal terminal)
    {
        var member = MembersArgument("learner", "Who learned and shall vote");
        ExampleCommand command = new(
            "promote", "Raft: let a validator that has caught up vote",
            "ledger admin members promote validator-4 --key admin.key.json");
        command.Add(member);
        return Changes(command, terminal, (parsed, members) =>
            [.. KeysOf(parsed.GetRequiredValue(member), members)
                .Select(key => new Operation.PromoteValidator(key))]);
    }

    private static ExampleCommand Remove(Terminal terminal)
    {
        var member = MembersArgument("member", "Who shall leave");
        ExampleCommand command = new(
            "remove", "Remove a validator; its node says so and votes no more",
            "ledger admin members remove validator-1 --key admin.key.json");
        command.Add(member);
        return Changes(command, terminal, (parsed, members) =>
            [.. KeysOf(parsed.GetRequiredValue(member), members)
                .Select(key => new Operation.RemoveValidator(key))]);
    }

    private static ExampleCommand Replace(Terminal terminal)
    {
        var leaves = MembersArgument("old", "Who shall leave");
        var joins = MembersArgument("new", "Who learned and shall vote in its place");
        ExampleCommand command = new(
            "replace", "Raft: let learners vote in the place of voters, all at once",
            "ledger admin members replace validator-1 validator-4 --key admin.key.json",
            "ledger admin members replace validator-1,validator-2 validator-4,validator-5 --key "
            + "admin.key.json --json");
        command.Add(leaves);
        command.Add(joins);
        return Changes(command, terminal, (parsed, members) =>
        [
            .. KeysOf(parsed.GetRequiredValue(joins), members)
                .Select(key => new Operation.PromoteValidator(key)),
            .. KeysOf(parsed.GetRequiredValue(leaves), members)
                .Select(key => new Operation.RemoveValidator(key)),
        ]);
    }

    private static ExampleCommand Changes(
        ExampleCommand command, Terminal terminal,
        Func<ParseResult, ValidatorReply[], IReadOnlyList<Operation>> build)
    {
        command.Add(CommonOptions.Key);
        command.Add(CommonOptions.Node);
        command.Add(NoWait);
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            using var admin = AdminCommands.Connect(parsed, terminal);
            var members = await client.LimitedAsync(limit => MembersAsync(client, limit), cancellationToken);
            var operations = build(parsed, members);
            if (operations.Select(OperationRules.FaultIn)
                .FirstOrDefault(fault => fault is not null) is { } fault)
            {
                throw new CliException(fault, "correct it and try again", ExitCode.Usage);
            }

            using var key = KeyFiles.Load(
                parsed.KeyPath(terminal), () => Passphrase.Ask(terminal, "Passphrase"));
            await admin.PostAsync<MembersReply>(
                "members/check", new MembersRequest([.. operations.Select(RequestOf)]), cancellationToken);
            var (reply, _) = await client.LimitedAsync(
                limit => Submission.RunAsync(client, key, operations, wait: true, limit), cancellationToken);
            if (Refusal(terminal, reply) is { } exit)
            {
                return exit;
            }

            Print(terminal, parsed, reply, await SettledAsync(parsed, client, reply, cancellationToken));
            return ExitCode.Done;
        });
        return command;
    }

    /// <returns>Null when the change is on the ledger.</returns>
    private static int? Refusal(Terminal terminal, TransactionReply reply)
    {
        if (reply.IsPending)
        {
            terminal.Fail($"the transaction is not final in time; look with 'ledger tx show {reply.Hash}'");
            return ExitCode.TimedOut;
        }

        if (!reply.IsApplied)
        {
            terminal.Fail(
                $"the ledger refused the change ({reply.Reason}); mend the cause and send a new one");
            return ExitCode.Failed;
        }

        return null;
    }

    /// <summary>
    /// The members once the change is over. Being final orders it; it is over when a majority of the old
    /// voters and one of the new have agreed to it, and who is down may make that wait for ever.
    /// </summary>
    private static async Task<ValidatorReply[]> SettledAsync(
        ParseResult parsed, NodeClient client, TransactionReply reply, CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout));
        ValidatorReply[] members = [];
        var isOver = await Polling.UntilAsync(
            async () =>
            {
                members = await client.LimitedAsync(stop => MembersAsync(client, stop), cancellationToken);
                return parsed.GetValue(NoWait) || !members.Any(IsUnderWay);
            },
            LookEvery, limit, cancellationToken);
        if (isOver)
        {
            return members;
        }

        var underWay = members.Where(IsUnderWay).Select(member => $"{member.Name} is {member.Phase}");
        throw new CliException(
            $"the change is ordered in block {reply.Height} and not over after "
            + $"{limit.TotalSeconds:0} s ({string.Join(", ", underWay)}): it waits until a majority "
            + "of the old voters and one of the new have agreed to it",
            "see with 'ledger doctor' who of them is down and start it; the change goes on by "
            + "itself, and 'ledger validators' shows how far it is",
            ExitCode.TimedOut);
    }

    private static bool IsUnderWay(ValidatorReply member)
        => member.Phase is not (ValidatorReply.Settled or ValidatorReply.Learning);

    private static void Print(
        Terminal terminal, ParseResult parsed, TransactionReply reply, ValidatorReply[] members)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new { reply.Hash, reply.Height, Validators = members });
            return;
        }

        terminal.Line($"hash     {reply.Hash}");
        terminal.Line($"height   {reply.Height}");
        LookCommands.Print(terminal, members);
    }

    private static Task<ValidatorReply[]> MembersAsync(NodeClient client, CancellationToken cancellationToken)
        => client.GetAsync<ValidatorReply[]>("v1/validators", cancellationToken);

    private static Argument<string> MembersArgument(string name, string description) => new(name)
    {
        Description = $"{description}: a name, an address or a key file; several with commas",
    };

    private static IEnumerable<PublicKey> KeysOf(string text, ValidatorReply[] members)
        => text.Split(',').Select(one => members.FirstOrDefault(member => member.Name == one) is { } member
            ? Accounts.Parse(member.PublicKey)
            : Accounts.Find(one) ?? throw new CliException(
                $"no member is called '{one}'",
                $"name one of {string.Join(", ", members.Select(member => member.Name))}, or give its "
                + "address or key file",
                ExitCode.Usage));

    private static OperationRequest RequestOf(Operation operation) => operation switch
    {
        Operation.AddValidator add => new(
            "add-validator", Name: add.Name, PublicKey: add.Key.ToString(), Address: add.Address,
            Witness: add.IsWitness ? true : null),
        Operation.PromoteValidator promote => new("promote-validator", PublicKey: promote.Key.ToString()),
        Operation.RemoveValidator remove => new("remove-validator", PublicKey: remove.Key.ToString()),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), "No change of members."),
    };
}
