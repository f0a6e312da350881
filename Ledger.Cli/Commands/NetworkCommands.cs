using System.CommandLine;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger network init</c>: the files of a network, ready for containers.</summary>
internal static class NetworkCommands
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand network = new(
            "network", "Prepare the files of a network",
            "ledger network init --validators 4 --mode pbft --out network");
        network.Add(Init(terminal));
        return network;
    }

    private static ExampleCommand Init(Terminal terminal)
    {
        Option<int> validators = new("--validators")
        {
            Description = "How many",
            DefaultValueFactory = _ => 4,
            HelpName = "N",
            Validators = { result => CommonOptions.Positive(result, "--validators") },
        };
        Option<string> output =
            new("--out") { Description = "The folder to write", Required = true, HelpName = "DIR" };
        Option<string?> hosts = new("--hosts")
        {
            Description =
                "The validators' hosts, in order, separated by commas [validator-1,validator-2,...]",
            HelpName = "a,b,c",
        };
        Option<string> chainId = new("--chain-id")
        {
            Description = "The chain's name: a-z, 0-9, '-'",
            DefaultValueFactory = _ => "ledger",
            HelpName = "ID",
        };
        var mode = ModeOption();
        var evidence = EvidenceOption();
        var witnesses = WitnessesOption();
        ExampleCommand command = new(
            "init", "Write genesis, one folder per validator with its config and key, and a client key",
            "ledger network init --validators 4 --mode pbft --out network",
            "ledger network init --validators 3 --mode raft --out network --hosts "
            + "a.example,b.example,c.example",
            "ledger network init --validators 3 --mode raft --witnesses 1 --out network",
            "ledger network init --validators 7 --evidence suspend --out network");
        foreach (var option in new Option[] { validators, mode, witnesses, output, hosts, chainId, evidence })
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var count = parsed.GetValue(validators);
            var chosen = ModeOf(parsed.GetRequiredValue(mode));
            var policy = EvidenceOf(parsed.GetRequiredValue(evidence), chosen);
            var validatorHosts = HostsOf(parsed.GetValue(hosts), count);
            var plan = NetworkPlan.OnHosts(
                ChainIdOf(parsed.GetRequiredValue(chainId)), chosen, validatorHosts);
            plan = plan with
            {
                Evidence = policy,
                Witnesses = WitnessesOf(
                parsed.GetValue(witnesses), chosen, count)
            };
            var folder = parsed.GetRequiredValue(output);
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                throw new CliException(
                    $"{folder} is not empty", "choose a new folder: keys are never overwritten");
            }

            var genesis = NetworkFolder.Create(folder, plan, DateTimeOffset.UtcNow);
            Print(terminal, parsed, folder, plan, genesis);
            return ExitCode.Done;
        });
        return command;
    }

    public static Option<string> ModeOption()
    {
        Option<string> mode = new("--mode")
        {
            Description = "How blocks are agreed on",
            DefaultValueFactory = _ => "pbft",
            HelpName = "pbft|raft",
        };
        mode.AcceptOnlyFromAmong("pbft", "raft");
        return mode;
    }

    public static Option<string> EvidenceOption()
    {
        Option<string> evidence = new("--evidence")
        {
            Description = "What follows for a validator that is proven to vote twice: the proof is "
                + "recorded, or its seat is emptied as well",
            DefaultValueFactory = _ => "record",
            HelpName = "record|suspend",
        };
        evidence.AcceptOnlyFromAmong("record", "suspend");
        return evidence;
    }

    public static Option<int> WitnessesOption() => new("--witnesses")
    {
        Description = "Raft: how many of the validators, the last ones, vote and keep no blocks",
        HelpName = "N",
        Validators =
        {
            result =>
            {
                if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var value) || value < 0))
                {
                    result.AddError($"--witnesses must be a whole number, not '{token.Value}'");
                }
            },
        },
    };

    /// <summary>Bad numbers are refused before any file is written.</summary>
    public static int WitnessesOf(int count, ConsensusMode mode, int validators)
        => count > 0 && mode != ConsensusMode.Raft
            ? throw new CliException(
                "--witnesses is for --mode raft: in PBFT who votes must have executed the block",
                "leave it out",
                ExitCode.Usage)
            : count > 0 && count >= validators
                ? throw new CliException(
                    $"--witnesses {count} of {validators} validators leaves none that keeps blocks",
                    $"name {validators - 1} at most, or more validators", ExitCode.Usage)
                : count;

    public static EvidencePolicy EvidenceOf(string name, ConsensusMode mode) => (name, mode) switch
    {
        ("suspend", ConsensusMode.Raft) => throw new CliException(
            "--evidence suspend is for --mode pbft: in Raft validators are trusted not to lie",
            "leave it out",
            ExitCode.Usage),
        ("suspend", _) => EvidencePolicy.Suspend,
        _ => EvidencePolicy.Record,
    };

    public static ConsensusMode ModeOf(string name)
        => name == "raft" ? ConsensusMode.Raft : ConsensusMode.Pbft;

    /// <summary>Four is the least that survives a liar, three the least that survives a crash: fewer run,
    /// with a word of warning.</summary>
    public static void WarnIfTooFew(Terminal terminal, ConsensusMode mode, int count)
    {
        var (name, harm, least, tolerated) = mode == ConsensusMode.Pbft
            ? ("PBFT", "fault", "four", Quorums.Byzantine(count).Faulty)
            : ("Raft", "crash", "three", Quorums.Crash(count).Faulty);
        if (tolerated == 0)
        {
            terminal.Remark(
                $"warning: {count} {name} {(count == 1 ? "validator tolerates" : "validators tolerate")} no "
                + $"{harm}; {least} is the least that tolerates one");
        }
    }

    private static string[] HostsOf(string? list, int count)
    {
        string[] hosts = list?.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            ?? [.. Enumerable.Range(1, count).Select(i => $"validator-{i}")];
        if (hosts.Length != count)
        {
            throw new CliException(
                $"--hosts names {hosts.Length} hosts for {count} validators", "name one for each",
                ExitCode.Usage);
        }

        return Array.Find(hosts, host => Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } bad
            ? throw new CliException($"'{bad}' is not a host name", "name hosts or addresses", ExitCode.Usage)
            : hosts;
    }

    private static string ChainIdOf(string text)
        => text.Length is > 0 and <= Limits.ChainIdBytes
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? text
            : throw new CliException(
                $"'{text}' is not a chain id", $"use 1 to {Limits.ChainIdBytes} of a-z, 0-9, '-'",
                ExitCode.Usage);

    private static void Print(
        Terminal terminal, ParseResult parsed, string folder, NetworkPlan plan, Genesis genesis)
    {
        WarnIfTooFew(terminal, plan.Mode, plan.Validators.Count);
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Folder = folder,
                plan.ChainId,
                Genesis = genesis.Hash.ToString(),
                Validators = plan.Validators.Select((v, i) => new
                {
                    v.Name,
                    Url = v.HttpUrl.ToString(),
                    Peer = v.PeerAddress,
                    Witness = plan.IsWitness(i),
                }),
            });
            return;
        }

        terminal.Line($"chain    {plan.ChainId}, genesis {genesis.Hash.ToShortString()}");
        foreach (var (i, validator) in plan.Validators.Index())
        {
            terminal.Line(
                $"{validator.Name}  {validator.HttpUrl}  peers "
                + $"{validator.PeerAddress}{(plan.IsWitness(i) ? "  witness" : "")}");
        }

        terminal.Line();
        terminal.Line("Give each validator its folder, and start it there:");
        terminal.Line($"  ledger node run --config {NetworkFolder.ConfigPath(folder, plan.Validators[0])}");
    }
}
