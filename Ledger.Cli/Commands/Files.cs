using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Storage;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary>
/// What the commands about snapshots and backups share: how they fail, and how they show how far they are.
/// </summary>
internal static class Files
{
    public static async Task<int> GuardedAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception failure)
            when (failure is SnapshotException { IsDamage: true } or BackupException { IsDamage: true })
        {
            throw new CliException(
                failure.Message.TrimEnd('.'), "use another one", ExitCode.VerificationFailed);
        }
        catch (Exception failure) when (failure is SnapshotException or BackupException)
        {
            throw new CliException(failure.Message.TrimEnd('.'), "what was there before has not changed");
        }
        catch (Exception failure)
            when (failure is DataFolderException or DamagedDataException or StorageFailedException)
        {
            throw new CliException(failure.Message.TrimEnd('.'), "nothing was put in place");
        }
    }

    public static async Task WithProgressAsync(
        Terminal terminal, ParseResult parsed, string what, Func<Action<long, long>, Task> work)
    {
        if (!terminal.IsInteractive || parsed.IsJson())
        {
            await work(static (_, _) => { });
            return;
        }

        await AnsiConsole.Progress().AutoClear(true).StartAsync(async display =>
        {
            var bar = display.AddTask(what);
            await work((done, all) => bar.Value = all == 0 ? 100 : 100.0 * done / all);
        });
    }
}
