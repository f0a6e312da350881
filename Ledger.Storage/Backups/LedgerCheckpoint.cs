using Ledger.Core;

namespace Ledger.Storage;

/// <summary>
/// A ledger as it was at one moment, as hard links beside the live one: it costs no time and, at first, no
/// space. The live one goes on; what it drops stays on the disk until the checkpoint is removed.
/// </summary>
public static class LedgerCheckpoint
{
    private const string Name = "checkpoint";

    /// <summary>
    /// Makes one, in the place of the last; never two, so that a forgotten one does not hold space for ever.
    /// </summary>
    /// <param name="store">The ledger.</param>
    /// <param name="dataFolder">The data folder, so that both lie on one disk.</param>
    /// <returns>A folder that opens like a data folder's ledger.</returns>
    public static string Make(LedgerStore store, string dataFolder)
    {
        Remove(dataFolder);
        var folder = Path.Combine(dataFolder, Name);
        DataFolder.Make(folder);
        store.Checkpoint(Path.Combine(folder, DataFolder.LedgerName));
        return folder;
    }

    public static void Remove(string dataFolder)
    {
        var folder = Path.Combine(dataFolder, Name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
