using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// A ledger that is to take the place of the one a node reads. From the moment it is whole a mark says so,
/// and whoever opens the folder next carries out what a crash has left undone: there is the old one or the
/// new one, never half.
/// </summary>
public static class IncomingLedger
{
    private const string WholeName = DataFolder.IncomingName + ".whole";

    private const UnixFileMode MarkPermissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Finishes an exchange that was begun. Nobody may have the ledger open.</summary>
    public static void Settle(string root)
    {
        if (File.Exists(Path.Combine(root, WholeName)))
        {
            Exchange(root);
        }
    }

    /// <summary>Removes what an unfinished state sync or restore has left.</summary>
    public static void Discard(string root)
    {
        var incoming = Path.Combine(root, DataFolder.IncomingName);
        if (Directory.Exists(incoming))
        {
            Directory.Delete(incoming, recursive: true);
        }
    }

    /// <summary>The incoming ledger is whole and closed: it becomes the ledger.</summary>
    internal static void PutInPlace(string root)
    {
        DurableFile.Write(
            Path.Combine(root, WholeName), "takes the place of ledger/\n"u8, MarkPermissions, replace: true);
        Exchange(root);
    }

    private static void Exchange(string root)
    {
        var incoming = Path.Combine(root, DataFolder.IncomingName);
        var ledger = Path.Combine(root, DataFolder.LedgerName);
        if (Directory.Exists(incoming))
        {
            if (Directory.Exists(ledger))
            {
                Directory.Delete(ledger, recursive: true);
            }

            Directory.Move(incoming, ledger);
            DurableFile.SyncFolder(root);
        }

        File.Delete(Path.Combine(root, WholeName));
        DurableFile.SyncFolder(root);
    }
}
