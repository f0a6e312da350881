using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Cli.Commands;

/// <summary>
/// The data folder that a snapshot or a backup is restored into: marked until all of it is there.
/// </summary>
internal static class RestoreTarget
{
    public static Option<string> Data { get; } = new("--data")
    {
        Description = "An empty folder, or one in which this restore was not finished",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<bool> NothingSigned { get; } = new("--nothing-signed-since")
    {
        Description =
            "You vouch that the validator's key has signed nothing since: it need not be silent at first. "
            + "If that is wrong it votes twice",
    };

    /// <summary>Restores under the mark, which stays when anything fails.</summary>
    public static async Task FillAsync(
        ParseResult parsed, Genesis genesis, string what, Func<string, Task> restore)
    {
        using var folder = DataFolder.Open(parsed.GetRequiredValue(Data), genesis.ChainId, genesis.Hash);
        var root = folder.Root;
        var unfinished = RestoreMark.In(root);
        IncomingLedger.Settle(root);
        if (!Directory.Exists(Path.Combine(root, "ledger")))
        {
            RestoreMark.Set(root, what);
            await restore(root);
        }
        else if (unfinished != what)
        {
            throw new CliException(
                $"{root} holds a ledger already"
                + (unfinished is null ? "" : $", of a restore that was not finished ({unfinished})"),
                unfinished is null
                ? "restore into an empty folder" : "run that restore again, or restore into an empty folder");
        }

        // Else only the end of this very restore was cut off: a ledger is put in place once it is whole.
        if (parsed.GetValue(NothingSigned))
        {
            SilenceWaiver.Give(root);
        }

        RestoreMark.Clear(root);
    }
}
