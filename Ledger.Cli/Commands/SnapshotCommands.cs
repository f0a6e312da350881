using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Storage;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger snapshot</c>: the state of one block as one file, made, looked at and restored.</summary>
internal static class SnapshotCommands
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand snapshot = new(
            "snapshot", "The state of one certified block as one file that proves itself",
            "ledger snapshot create --data node/data --genesis genesis.json --out ledger.snapshot");
        snapshot.Add(Create(terminal));
        snapshot.Add(Restore(terminal));
        snapshot.Add(Inspect(terminal));
        return snapshot;
    }

    private static ExampleCommand Create(Terminal terminal)
    {
        var data = DataOption("The data folder of a node that is not running");
        Option<string> file = new("--out") { Description = "Where to write it", HelpName = "FILE", Required = true };
        ExampleCommand command = new(
            "create", "Make a snapshot of a stopped node's ledger",
            "ledger snapshot create --data node/data --genesis genesis.json --out ledger.snapshot");
        command.Add(data);
        command.Add(VerifyCommands.GenesisPath);
        command.Add(file);
        command.SetAction((parsed, cancellationToken) => Guarded(() =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var path = parsed.GetRequiredValue(file);
            var started = Stopwatch.StartNew();
            using var folder = DataFolder.OpenExisting(parsed.GetRequiredValue(data), genesis.ChainId, genesis.Hash);
            RestoreMark.MustNotBeIn(folder.Root);
            using var store = LedgerStore.Open(folder.Root, genesis.Hash, genesis.ChainId, StorageOptions.Default);
            using var state = store.Snapshot();
            var manifest = new SnapshotWriter(genesis, state, cancellationToken).Write(
                path, () => FinalityReader.Read(store, state.Head!.Height, state.Head.Height));
            Print(terminal, parsed, manifest, $"wrote {path}", started.Elapsed);
            return Task.FromResult(ExitCode.Done);
        }));
        return command;
    }

    private static ExampleCommand Restore(Terminal terminal)
    {
        var file = FileArgument();
        var data = DataOption("An empty folder, or one in which this restore was not finished");
        ExampleCommand command = new(
            "restore", "Build a node's ledger from a snapshot; every part is checked against the genesis",
            "ledger snapshot restore ledger.snapshot --data node/data --genesis genesis.json");
        command.Add(file);
        command.Add(data);
        command.Add(VerifyCommands.GenesisPath);
        command.SetAction((parsed, cancellationToken) => Guarded(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var path = parsed.GetRequiredValue(file);
            var started = Stopwatch.StartNew();
            using var snapshot = Open(path, genesis);
            using var folder = DataFolder.Open(parsed.GetRequiredValue(data), genesis.ChainId, genesis.Hash);
            MustHoldNoLedger(folder.Root);
            RestoreMark.Set(folder.Root, $"of the snapshot of block {snapshot.Manifest.Height}");
            await WithProgressAsync(terminal, parsed, "restoring", progress => Task.Run(
                () => RestoreAll(snapshot, folder.Root, genesis, progress, cancellationToken), cancellationToken));
            RestoreMark.Clear(folder.Root);
            Print(terminal, parsed, snapshot.Manifest, $"restored into {folder.Root}", started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    private static ExampleCommand Inspect(Terminal terminal)
    {
        var file = FileArgument();
        ExampleCommand command = new(
            "inspect", "Check every part of a snapshot and say what it is of",
            "ledger snapshot inspect ledger.snapshot --genesis genesis.json");
        command.Add(file);
        command.Add(VerifyCommands.GenesisPath);
        command.SetAction((parsed, cancellationToken) => Guarded(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            using var snapshot = Open(parsed.GetRequiredValue(file), genesis);
            await WithProgressAsync(terminal, parsed, "checking", progress => Task.Run(
                () => CheckAll(snapshot, progress, cancellationToken), cancellationToken));
            Print(
                terminal, parsed, snapshot.Manifest, FinalityVerifier.Describe(snapshot.Manifest.Finality, genesis),
                started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    /// <summary>Half of a restore is gone on with; a ledger that is there is not overwritten.</summary>
    private static void MustHoldNoLedger(string root)
    {
        IncomingLedger.Settle(root);
        if (Directory.Exists(Path.Combine(root, "ledger")))
        {
            throw new CliException($"{root} holds a ledger already", "restore into an empty folder");
        }
    }

    private static void RestoreAll(
        SnapshotFile snapshot, string root, Genesis genesis, Action<int, int> progress, CancellationToken cancellationToken)
    {
        using var restore = SnapshotRestore.Begin(root, genesis, snapshot.Manifest);
        for (var i = 0; i < snapshot.Manifest.ChunkCount; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!restore.IsDone(i) && restore.Accept(i, snapshot.ReadChunk(i)) is { } fault)
            {
                throw Lies(snapshot.Path, $"chunk {i}: {fault}");
            }

            progress(i + 1, snapshot.Manifest.ChunkCount);
        }

        restore.Finish();
    }

    private static void CheckAll(SnapshotFile snapshot, Action<int, int> progress, CancellationToken cancellationToken)
    {
        for (var i = 0; i < snapshot.Manifest.ChunkCount; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (snapshot.Manifest.FaultIn(i, snapshot.ReadChunk(i)) is { } fault)
            {
                throw Lies(snapshot.Path, $"chunk {i}: {fault}");
            }

            progress(i + 1, snapshot.Manifest.ChunkCount);
        }
    }

    private static SnapshotFile Open(string path, Genesis genesis)
    {
        var snapshot = SnapshotFile.Open(path);
        if (snapshot.Manifest.FaultIn(genesis) is not { } fault)
        {
            return snapshot;
        }

        snapshot.Dispose();
        throw Lies(path, fault);
    }

    private static CliException Lies(string path, string fault)
        => new($"{path} is not the state of this chain: {fault}", "get a snapshot from another validator", ExitCode.VerificationFailed);

    private static async Task<int> Guarded(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (SnapshotException failure)
        {
            throw new CliException(failure.Message, "nothing that was there has changed");
        }
        catch (Exception failure) when (failure is DataFolderException or DamagedDataException or StorageFailedException)
        {
            throw new CliException(failure.Message.TrimEnd('.'), "nothing was put in place");
        }
    }

    private static async Task WithProgressAsync(
        Terminal terminal, ParseResult parsed, string what, Func<Action<int, int>, Task> work)
    {
        if (!terminal.IsInteractive || parsed.IsJson())
        {
            await work(static (_, _) => { });
            return;
        }

        await AnsiConsole.Progress().AutoClear(true).StartAsync(async display =>
        {
            var bar = display.AddTask(what);
            await work((done, all) => bar.Value = 100.0 * done / all);
        });
    }

    private static void Print(
        Terminal terminal, ParseResult parsed, SnapshotManifest manifest, string what, TimeSpan took)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Height = manifest.Height.Value,
                Block = manifest.Header.ComputeHash().ToString(),
                StateRoot = manifest.Header.StateRoot.ToString(),
                Time = manifest.Header.Time.UnixMilliseconds,
                HistoryFrom = manifest.History[0].From.Value,
                Chunks = manifest.ChunkCount,
                Bytes = manifest.ChunkBytes,
                Seconds = Math.Round(took.TotalSeconds, 3),
            });
            return;
        }

        terminal.Line(what);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"block {manifest.Height} {manifest.Header.ComputeHash()}, state root {manifest.Header.StateRoot}"));
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{manifest.State.Count} chunks of state, {manifest.History.Count} of history from height "
            + $"{manifest.History[0].From}, {manifest.ChunkBytes} bytes"));
        terminal.Remark(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s"));
    }

    private static Argument<string> FileArgument() => new("file") { Description = "The snapshot" };

    private static Option<string> DataOption(string description) => new("--data")
    {
        Description = description,
        HelpName = "DIR",
        Required = true,
    };
}
