using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger backup</c>: a node's whole ledger, again and again into one folder, and back.</summary>
internal static class BackupCommands
{
    private static readonly Argument<string> Folder =
        new("folder") { Description = "The folder with the backups" };

    private static readonly Argument<string?> BackupName = new("name")
    {
        Description = "Which backup; the latest when none is named",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand backup = new(
            "backup", "A node's ledger, copied without a pause and restored onto an empty machine",
            "ledger backup create backups --admin http://127.0.0.1:8081 --genesis genesis.json");
        backup.Add(Create(terminal));
        backup.Add(Verify(terminal));
        backup.Add(Restore(terminal));
        return backup;
    }

    private static ExampleCommand Create(Terminal terminal)
    {
        ExampleCommand command = new(
            "create", "Add a backup to a folder: only what is new is copied; a journal never is",
            "ledger backup create backups --admin http://127.0.0.1:8081 --genesis genesis.json");
        command.Add(Folder);
        command.Add(CheckpointSource.Data);
        command.Add(CheckpointSource.Admin);
        command.Add(VerifyCommands.GenesisPath);
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            await using var source = await CheckpointSource.OpenAsync(parsed, genesis, cancellationToken);
            var (name, manifest, added) = new BackupFolder(parsed.GetRequiredValue(Folder)).Add(
                source.Path, genesis, () => source.Head(genesis), DateTimeOffset.UtcNow);
            Print(terminal, parsed, name, manifest, started.Elapsed, added);
            return ExitCode.Done;
        }));
        return command;
    }

    private static ExampleCommand Verify(Terminal terminal)
    {
        ExampleCommand command = new(
            "verify", "Read all of a backup, and check that it ends in a final block of this chain",
            "ledger backup verify backups --genesis genesis.json");
        command.Add(Folder);
        command.Add(BackupName);
        command.Add(VerifyCommands.GenesisPath);
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            var (folder, name, manifest) = Open(parsed, genesis);
            string? fault = null;
            await Files.WithProgressAsync(terminal, parsed, "reading", progress => Task.Run(
                () => fault = folder.FaultIn(manifest, progress, cancellationToken), cancellationToken));
            if (fault is not null)
            {
                throw new CliException(
                    $"backup {name}: {fault}", "make a new one", ExitCode.VerificationFailed);
            }

            Print(terminal, parsed, name, manifest, started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    private static ExampleCommand Restore(Terminal terminal)
    {
        ExampleCommand command = new(
            "restore", "Put a backup into an empty data folder",
            "ledger backup restore backups --data node/data --genesis genesis.json");
        command.Add(Folder);
        command.Add(BackupName);
        command.Add(RestoreTarget.Data);
        command.Add(VerifyCommands.GenesisPath);
        command.Add(RestoreTarget.NothingSigned);
        command.SetAction((parsed, cancellationToken) => Files.GuardedAsync(async () =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(VerifyCommands.GenesisPath));
            var started = Stopwatch.StartNew();
            var (folder, name, manifest) = Open(parsed, genesis);
            await RestoreTarget.FillAsync(
                parsed, genesis, $"backup {name}",
                root => Files.WithProgressAsync(terminal, parsed, "restoring", progress => Task.Run(
                    () => folder.Restore(manifest, root, genesis, progress, cancellationToken),
                    cancellationToken)));
            Print(terminal, parsed, name, manifest, started.Elapsed);
            return ExitCode.Done;
        }));
        return command;
    }

    private static (BackupFolder Folder, string Name, BackupManifest Manifest) Open(
        ParseResult parsed, Genesis genesis)
    {
        var path = parsed.GetRequiredValue(Folder);
        BackupFolder folder = new(path);
        var name = parsed.GetValue(BackupName) ?? (folder.Names is [.., var latest] ? latest : null)
            ?? throw new CliException(
                $"there is no backup in {path}", "make one with 'ledger backup create'");
        var manifest = folder.Read(name);
        return manifest.FaultIn(genesis) is { } fault
            ? throw new CliException(
                $"backup {name} is not of this chain: {fault}", "name another", ExitCode.VerificationFailed)
            : (folder, name, manifest);
    }

    private static void Print(
        Terminal terminal, ParseResult parsed, string name, BackupManifest manifest, TimeSpan took,
        long? added = null)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Name = name,
                manifest.Height,
                manifest.Head,
                manifest.Bytes,
                NewBytes = added,
                Seconds = Math.Round(took.TotalSeconds, 3),
            });
            return;
        }

        terminal.Line($"backup {name}");
        var news = added is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {added} of them new");
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"block {manifest.Height} {manifest.Head}, {manifest.Files.Count} "
            + $"{Plural.Of(manifest.Files.Count, "file")}, {manifest.Bytes} bytes{news}"));
        terminal.Remark(string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s"));
    }
}
