using System.CommandLine;
using System.Text;
using Ledger.Cli.Client;
using Ledger.Cli.Keys;
using Ledger.Cli.Shell;
using Ledger.Cli.Submit;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger tx</c>: every operation as a command of its own, files of them, and a look at one.
/// </summary>
internal static class TransactionCommands
{
    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Return as soon as a node has accepted it, before it is final",
    };

    /// <summary>Of a member that is added.</summary>
    public static readonly Option<bool> Witness = new("--witness")
    {
        Description =
            "Raft: it votes at once and keeps no blocks; its node is started with peers.join=witness",
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand tx = new("tx", "Build, sign and submit transactions",
            "ledger tx put notes greeting hello --key client.key.json");
        tx.Add(Put(terminal));
        tx.Add(Delete(terminal));
        tx.Add(DefineAsset(terminal));
        tx.Add(Issue(terminal));
        tx.Add(Transfer(terminal));
        tx.Add(Burn(terminal));
        tx.Add(GrantOrRevoke(
            terminal, "grant", "Give an account a role", (a, r, n) => new Operation.Grant(a, r, n)));
        tx.Add(GrantOrRevoke(
            terminal, "revoke", "Take a role from an account", (a, r, n) => new Operation.Revoke(a, r, n)));
        tx.Add(AddValidator(terminal));
        tx.Add(PromoteValidator(terminal));
        tx.Add(RemoveValidator(terminal));
        tx.Add(SubmitCommand.Build(terminal));
        tx.Add(Show(terminal));
        return tx;
    }

    private static ExampleCommand Put(Terminal terminal)
    {
        var (space, key) = KeyArguments();
        Argument<string> value = new("value") { Description = "Its new value, as text" };
        var expected = ExpectedVersion();
        ExampleCommand command = new(
            "put", "Set a key",
            "ledger tx put notes greeting hello --key client.key.json",
            "ledger tx put notes greeting bonjour --expect-version 1 --key client.key.json");
        return Submits(command, terminal, [space, key, value], [expected], parsed => new Operation.Put(
            parsed.GetRequiredValue(space), parsed.GetRequiredValue(key),
            Encoding.UTF8.GetBytes(parsed.GetRequiredValue(value)), parsed.GetValue(expected)));
    }

    private static ExampleCommand Delete(Terminal terminal)
    {
        var (space, key) = KeyArguments();
        var expected = ExpectedVersion();
        ExampleCommand command = new(
            "delete", "Remove a key", "ledger tx delete notes greeting --key client.key.json");
        return Submits(command, terminal, [space, key], [expected], parsed => new Operation.Delete(
            parsed.GetRequiredValue(space), parsed.GetRequiredValue(key), parsed.GetValue(expected)));
    }

    private static ExampleCommand DefineAsset(Terminal terminal)
    {
        var asset = AssetArgument();
        Option<byte> decimals = new("--decimals")
        {
            Description = "Digits that people see after the point, 0 to 18",
            HelpName = "D",
        };
        ExampleCommand command = new(
            "define-asset", "Create an asset of which you are the only issuer",
            "ledger tx define-asset gold --decimals 2 --key client.key.json");
        return Submits(command, terminal, [asset], [decimals], parsed => new Operation.DefineAsset(
            parsed.GetRequiredValue(asset), parsed.GetValue(decimals)));
    }

    private static ExampleCommand Issue(Terminal terminal)
    {
        var (asset, to, amount) = (AssetArgument(), AccountArgument("to"), AmountArgument());
        ExampleCommand command = new(
            "issue", "Create an amount of an asset you defined",
            "ledger tx issue gold alice.key.json 1000 --key client.key.json");
        return Submits(command, terminal, [asset, to, amount], [], parsed => new Operation.Issue(
            parsed.GetRequiredValue(asset), Accounts.Parse(parsed.GetRequiredValue(to)),
            new(parsed.GetRequiredValue(amount))));
    }

    private static ExampleCommand Transfer(Terminal terminal)
    {
        var (asset, to, amount) = (AssetArgument(), AccountArgument("to"), AmountArgument());
        ExampleCommand command = new(
            "transfer", "Send an amount of an asset",
            "ledger tx transfer gold bob.key.json 5 --key alice.key.json");
        return Submits(command, terminal, [asset, to, amount], [], parsed => new Operation.Transfer(
            parsed.GetRequiredValue(asset), Accounts.Parse(parsed.GetRequiredValue(to)),
            new(parsed.GetRequiredValue(amount))));
    }

    private static ExampleCommand Burn(Terminal terminal)
    {
        var (asset, amount) = (AssetArgument(), AmountArgument());
        ExampleCommand command = new(
            "burn", "Destroy an amount of an asset you own", "ledger tx burn gold 5 --key alice.key.json");
        return Submits(command, terminal, [asset, amount], [], parsed => new Operation.Burn(
            parsed.GetRequiredValue(asset), new(parsed.GetRequiredValue(amount))));
    }

    private static ExampleCommand GrantOrRevoke(
        Terminal terminal, string name, string description, Func<PublicKey, Role, string, Operation> build)
    {
        var account = AccountArgument("account");
        Argument<Role> role = new("role") { Description = "admin, issuer, writer or reader" };
        Option<string> space = new("--namespace")
        {
            Description = "For writer and reader: which namespace, '*' for all",
            DefaultValueFactory = _ => "",
            HelpName = "NS",
        };
        ExampleCommand command = new(
            name, description,
            $"ledger tx {name} alice.key.json writer --namespace notes --key client.key.json");
        return Submits(command, terminal, [account, role], [space], parsed => build(
            Accounts.Parse(parsed.GetRequiredValue(account)), parsed.GetRequiredValue(role),
            parsed.GetRequiredValue(space)));
    }

    private static ExampleCommand AddValidator(Terminal terminal)
    {
        Argument<string> name = new("name") { Description = "A name that no other validator has" };
        var key = AccountArgument("validator");
        Argument<string> address = new("address") { Description = "Where its peers reach it, as host:port" };
        ExampleCommand command = new(
            "add-validator",
            "Add a validator; once the transaction is final its node votes, or in Raft learns",
            "ledger tx add-validator validator-5 validator.key.json 10.0.0.5:7000 --key admin.key.json");
        return Submits(
            command, terminal, [name, key, address], [Witness], parsed => new Operation.AddValidator(
            parsed.GetRequiredValue(name), Accounts.Parse(parsed.GetRequiredValue(key)),
            parsed.GetRequiredValue(address), parsed.GetValue(Witness)));
    }

    private static ExampleCommand PromoteValidator(Terminal terminal)
    {
        var key = AccountArgument("validator");
        ExampleCommand command = new(
            "promote-validator", "Raft: let a validator that learns vote, however far it is behind",
            "ledger tx promote-validator validator.key.json --key admin.key.json");
        return Submits(command, terminal, [key], [], parsed => new Operation.PromoteValidator(
            Accounts.Parse(parsed.GetRequiredValue(key))));
    }

    private static ExampleCommand RemoveValidator(Terminal terminal)
    {
        var key = AccountArgument("validator");
        ExampleCommand command = new(
            "remove-validator", "Remove a validator; it votes no more once the transaction is final",
            "ledger tx remove-validator validator.key.json --key admin.key.json");
        return Submits(command, terminal, [key], [], parsed => new Operation.RemoveValidator(
            Accounts.Parse(parsed.GetRequiredValue(key))));
    }

    private static ExampleCommand Show(Terminal terminal)
    {
        Argument<string> hash = new("hash") { Description = "The transaction's hash" };
        ExampleCommand command = new("show", "Show what became of a transaction", "ledger tx show 5f0c...");
        command.Add(hash);
        command.Add(CommonOptions.Node);
        command.Add(CommonOptions.Timeout);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var reply = await client.LimitedAsync(
                limit => client.GetAsync<TransactionReply>(
                    $"v1/transactions/{parsed.GetRequiredValue(hash)}", limit),
                cancellationToken);
            return Print(terminal, parsed, reply, null);
        });
        return command;
    }

    private static ExampleCommand Submits(
        ExampleCommand command, Terminal terminal, IReadOnlyList<Argument> arguments,
        IReadOnlyList<Option> options,
        Func<ParseResult, Operation> build)
    {
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }

        foreach (var option in (IEnumerable<Option>)
            [.. options, CommonOptions.Key, CommonOptions.Node, CommonOptions.Timeout, NoWait])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var operation = build(parsed);
            if (OperationRules.FaultIn(operation) is { } fault)
            {
                throw new CliException(fault, "correct it and try again", ExitCode.Usage);
            }

            using var key = KeyFiles.Load(
                parsed.KeyPath(terminal), () => Passphrase.Ask(terminal, "Passphrase"));
            using var client = parsed.Connect(terminal);
            var wait = !parsed.GetValue(NoWait);
            var (reply, latency) = await client.LimitedAsync(
                limit => Submission.RunAsync(client, key, [operation], wait, limit), cancellationToken);
            var verdict = Print(terminal, parsed, reply, latency);
            if (!wait || !reply.IsPending)
            {
                return verdict;
            }

            terminal.Fail(
                "the transaction is not final in time; it may yet become so: "
                + $"look with 'ledger tx show {reply.Hash}'");
            return ExitCode.TimedOut;
        });
        return command;
    }

    private static int Print(Terminal terminal, ParseResult parsed, TransactionReply reply, TimeSpan? latency)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                reply.Hash,
                reply.Status,
                reply.Height,
                reply.Applied,
                reply.Reason,
                LatencyMs = latency is { } took ? Math.Round(took.TotalMilliseconds, 1) : (double?)null,
            });
        }
        else
        {
            terminal.Line($"hash     {reply.Hash}");
            terminal.Line($"status   {reply.Status}");
            if (reply.IsFinal)
            {
                terminal.Line($"height   {reply.Height}");
                terminal.Line($"result   {(reply.IsApplied ? "applied" : $"failed: {reply.Reason}")}");
            }

            if (latency is { } took)
            {
                terminal.Line($"latency  {took.TotalMilliseconds:0.0} ms");
            }
        }

        return Verdict(terminal, reply);
    }

    private static int Verdict(Terminal terminal, TransactionReply reply)
    {
        if (reply.IsApplied || reply.IsPending)
        {
            return ExitCode.Done;
        }

        terminal.Fail(reply.IsFinal
            ? $"the transaction is final but did not take effect ({reply.Reason}); mend the cause and send "
                + "a new one"
            : $"the node refused the transaction ({reply.Reason}); mend the cause and send a new one");
        return ExitCode.Failed;
    }

    private static (Argument<string> Namespace, Argument<string> Key) KeyArguments()
        => (new("namespace") { Description = "The namespace" }, new("key") { Description = "The key in it" });

    private static Argument<string> AssetArgument() => new("asset") { Description = "The asset's name" };

    private static Argument<string> AccountArgument(string name)
        => new(name) { Description = "An address, or a key file that holds it" };

    private static Argument<ulong> AmountArgument()
        => new("amount") { Description = "How much, in the asset's smallest unit" };

    private static Option<ulong?> ExpectedVersion() => new("--expect-version")
    {
        Description = "Only if this is the key's version now; 0: only if it is absent",
        HelpName = "V",
    };
}
