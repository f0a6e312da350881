using System.CommandLine;
using System.Diagnostics;
using Ledger.Cli.Audit;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Storage;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger verify ledger</c> and <c>compare</c>: data folders that no node is using, checked offline.
/// </summary>
internal static class AuditCommands
{
    public static IEnumerable<Command> Build(Terminal terminal) => [Audit(terminal), Compare(terminal)];

    private static ExampleCommand Audit(Terminal terminal)
    {
        Option<string> data = new("--data")
        {
            Description = "A data folder; its node must not be running",
            HelpName = "DIR",
            Required = true,
        };
        ExampleCommand command = new(
            "ledger", "Check a whole data folder: signatures, certificates, and every record by executing "
            + "all blocks again",
            "ledger verify ledger --data .ledger-devnet/validator-1/data --genesis "
            + ".ledger-devnet/genesis.json");
        Option<string?> snapshot = new("--snapshot")
        {
            Description = "For a folder that lacks its first blocks: a snapshot to execute the others "
                + "from; without it the folder's own is taken, if there is one",
            HelpName = "FILE",
        };
        command.Add(data);
        command.Add(VerifyCommands.GenesisPath);
        command.Add(snapshot);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            using var archive = Open(parsed.GetRequiredValue(data), genesis);
            var started = Stopwatch.StartNew();
            var result = await WithProgressAsync(
                terminal, parsed, "auditing",
                progress => LedgerAudit.RunAsync(
                    archive, genesis, parsed.GetValue(snapshot), progress, cancellationToken));
            return Print(terminal, parsed, result, started.Elapsed);
        });
        return command;
    }

    private static ExampleCommand Compare(Terminal terminal)
    {
        Argument<string> first = new("first") { Description = "A data folder" };
        Argument<string> second = new("second") { Description = "Another" };
        ExampleCommand command = new(
            "compare", "Tell where two data folders of one chain part",
            "ledger verify compare validator-1/data validator-2/data --genesis genesis.json");
        command.Add(first);
        command.Add(second);
        command.Add(VerifyCommands.GenesisPath);
        command.SetAction(async (parsed, _) =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            using var one = Open(parsed.GetRequiredValue(first), genesis);
            using var other = Open(parsed.GetRequiredValue(second), genesis);
            var result = await WithProgressAsync(
                terminal, parsed, "comparing",
                    progress => Task.FromResult(ArchiveComparison.Run(one, other, progress)));
            return Print(terminal, parsed, result);
        });
        return command;
    }

    private static LedgerArchive Open(string path, Genesis genesis)
    {
        try
        {
            return LedgerArchive.Open(path, genesis);
        }
        catch (DamagedDataException damaged)
        {
            throw new CliException($"{path}: {damaged.Message.TrimEnd('.')}",
                "the database cannot be opened at all", ExitCode.VerificationFailed);
        }
        catch (DataFolderException unusable)
        {
            throw new CliException(unusable.Message, "nothing was checked");
        }
    }

    private static async Task<T> WithProgressAsync<T>(
        Terminal terminal, ParseResult parsed, string what, Func<Action<ulong, ulong>, Task<T>> work)
    {
        try
        {
            if (!terminal.IsInteractive || parsed.IsJson())
            {
                return await work(static (_, _) => { });
            }

            return await AnsiConsole.Progress().AutoClear(true).StartAsync(async display =>
            {
                var bar = display.AddTask(what);
                return await work((done, all) => bar.Value = all == 0 ? 100 : 100.0 * done / all);
            });
        }
        catch (DamagedDataException damaged)
        {
            throw new CliException(
                damaged.Message.TrimEnd('.'), "the database's own checksums found it",
                ExitCode.VerificationFailed);
        }
        catch (SnapshotException unusable)
        {
            throw new CliException(
                unusable.Message, "nothing was executed; name another one with --snapshot");
        }
    }

    private static int Print(Terminal terminal, ParseResult parsed, AuditResult result, TimeSpan took)
    {
        var rate = result.Transactions / Math.Max(took.TotalSeconds, 0.001);
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Valid = result.Fault is null,
                result.Fault,
                Words = result.Fault?.ToString(),
                result.Blocks,
                result.Transactions,
                Seconds = Math.Round(took.TotalSeconds, 3),
                Kept = result.Start?.Kept is { } kept
                    ? new
                    {
                        Headers = kept.Headers.Value,
                        Receipts = kept.Receipts.Value,
                        Blocks = kept.Blocks.Value
                    }
                    : null,
                ExecutedFrom = ExecutedFrom(result),
                result.Start?.Snapshot,
                Head = result.Head?.ComputeHash().ToString(),
                StateRoot = result.Head?.StateRoot.ToString(),
            });
            return result.Fault is null ? ExitCode.Done : ExitCode.VerificationFailed;
        }

        if (result.Fault is { } fault)
        {
            throw new CliException(
                $"the data folder is not what the chain makes it, from {fault}",
                "restore it from a backup, or let the node fetch the chain from its peers",
                ExitCode.VerificationFailed);
        }

        foreach (var line in Shown(result))
        {
            terminal.Line(line);
        }

        if (result.Head is { } head)
        {
            terminal.Line($"head {head.ComputeHash()}, state root {head.StateRoot}");
        }

        terminal.Remark($"{took.TotalSeconds:0.0} s, {rate:0} transactions a second");
        return ExitCode.Done;
    }

    /// <summary>The first height that was executed; null when none was.</summary>
    private static ulong? ExecutedFrom(AuditResult result) => result.Start switch
    {
        null or { Base: not null, Snapshot: null } => null,
        var start => start.Base?.Next.Value ?? 0,
    };

    /// <summary>What was shown, and how: not every folder can be executed from the genesis.</summary>
    private static IEnumerable<string> Shown(AuditResult result)
    {
        if (result.Head is null)
        {
            yield return "the folder holds no blocks: a witness keeps none, or nothing has been final here "
                + "yet; what it holds is the genesis";
            yield break;
        }

        var start = result.Start!;
        if (start.Base is not { } below)
        {
            yield return $"all {result.Blocks} blocks with {result.Transactions} transactions are as "
                + "execution from genesis gives them";
            yield break;
        }

        var kept = start.Kept;
        yield return "the folder does not hold the whole chain: it keeps headers from height "
            + $"{kept.Headers} on, receipts from {kept.Receipts} and bodies from {kept.Blocks}";
        yield return $"headers {kept.Headers} to {below} are those that a quorum has certified; the "
            + "receipts, bodies and indexes that are there are theirs";
        yield return start.Snapshot is { } snapshot
            ? $"blocks {below.Next} to {result.Blocks} with {result.Transactions} transactions are as "
                + $"execution from the certified snapshot {snapshot} gives them"
            : "no block was executed, since no snapshot of block "
                + $"{(kept.Blocks == Height.Genesis ? kept.Blocks : kept.Blocks.Previous)} or above is "
                + "there ('--snapshot FILE' names one from elsewhere); the state is the one that the "
                + "certified head names";
        yield return $"in the history of keys, versions up to height {below} are checked only where they "
            + "are still in force";
    }

    private static int Print(Terminal terminal, ParseResult parsed, Comparison result)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Agree = result.Parting is null,
                result.Common,
                Heads = new[] { result.HeadOfFirst, result.HeadOfSecond },
                result.Parting,
            });
            return result.Parting is null ? ExitCode.Done : ExitCode.VerificationFailed;
        }

        if (result.Parting is { } parting)
        {
            throw new CliException(
                $"the folders part at {parting}",
                "audit each with 'ledger verify ledger' to learn which is right",
                ExitCode.VerificationFailed);
        }

        terminal.Line(
            $"the same up to height {result.Common}; the first goes to {result.HeadOfFirst}, the second to "
            + $"{result.HeadOfSecond}");
        return ExitCode.Done;
    }
}
