using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger snapshot</c>: the state of one block as one file, made, looked at and restored.
/// </summary>
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
        Option<string> file =
            new("--out") { Description = "Where to write it", HelpName = "FILE", Required = true };
        ExampleCommand command = new(
            "create",
            "Make a snapshot of a ledger: a running node's, which goes on meanwhile, or a stopped one's",
            "ledger snapshot create --admin http://127.0.0.1:8081 --genesis genesis.json --out "
            + "ledger.snapshot",
            "ledger snapshot create --data node/data --genesis genesis.json --out ledger.snapshot");
        command.Add(CheckpointSource.Data);
        command.Add(CheckpointSource.Admin);
        command.Add(VerifyCommands.GenesisPath);
        command.Add(file);
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var path = parsed.GetRequiredValue(file);
            var started = Stopwatch.StartNew();
            await using var source = await CheckpointSource.OpenAsync(parsed, genesis, cancellationToken);
            using var state = source.Store(genesis).Snapshot();
            var manifest = new SnapshotWriter(genesis, state, cancellationToken)
                .Write(path, () => source.Head(genesis).Finality);
            Print(terminal, parsed, manifest, $"wrote {path}", started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    private static ExampleCommand Restore(Terminal terminal)
    {
        var file = FileArgument();
        ExampleCommand command = new(
            "restore", "Build a node's ledger from a snapshot; every part is checked against the genesis",
            "ledger snapshot restore ledger.snapshot --data node/data --genesis genesis.json");
        command.Add(file);
        command.Add(RestoreTarget.Data);
        command.Add(VerifyCommands.GenesisPath);
        command.Add(RestoreTarget.NothingSigned);
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            using var snapshot = Open(parsed.GetRequiredValue(file), genesis);
            await RestoreTarget.FillAsync(
                parsed, genesis, $"snapshot of block {snapshot.Manifest.Height}",
                root => Files.WithProgressAsync(terminal, parsed, "restoring", progress => Task.Run(
                    () => RestoreAll(snapshot, root, genesis, progress, cancellationToken),
                    cancellationToken)));
            Print(terminal, parsed, snapshot.Manifest, $"restored into {parsed.GetValue(RestoreTarget.Data)}",
                started.Elapsed);
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
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            using var snapshot = Open(parsed.GetRequiredValue(file), genesis);
            await Files.WithProgressAsync(terminal, parsed, "checking", progress => Task.Run(
                () => CheckAll(snapshot, progress, cancellationToken), cancellationToken));
            Print(
                terminal, parsed, snapshot.Manifest, FinalityVerifier.Describe(
                    snapshot.Manifest.Finality, genesis),
                started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    private static void RestoreAll(
        SnapshotFile snapshot, string root, Genesis genesis, Action<long, long> progress,
        CancellationToken cancellationToken)
    {
        using var restore = SnapshotRestore.Begin(root, genesis, snapshot.Manifest);
        restore.AcceptAll(
            snapshot.ReadChunk,
            (chunk, fault) => throw Lies(snapshot.Path, $"chunk {chunk}: {fault}"),
            () => progress(restore.DoneCount, snapshot.Manifest.ChunkCount),
            cancellationToken);
        restore.Finish();
    }

    private static void CheckAll(
        SnapshotFile snapshot, Action<long, long> progress, CancellationToken cancellationToken)
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
        => new($"{path} is not the state of this chain: {fault}", "get a snapshot from another validator",
            ExitCode.VerificationFailed);

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
            $"block {manifest.Height} {manifest.Header.ComputeHash()}, state root "
            + $"{manifest.Header.StateRoot}"));
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{manifest.State.Count} {Plural.Of(manifest.State.Count, "chunk")} of state, "
            + $"{manifest.History.Count} of history from height {manifest.History[0].From}, "
            + $"{manifest.ChunkBytes} bytes"));
        terminal.Remark(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s"));
    }

    private static Argument<string> FileArgument() => new("file") { Description = "The snapshot" };
}
