using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// A node's data folder: made once for one chain, held by one process at a time, and refused in words
/// whenever it is not what it should be. Holds its lock until disposed.
/// </summary>
public sealed class DataFolder : IDisposable
{
    /// <summary>Where the final chain lies.</summary>
    internal const string LedgerName = "ledger";

    /// <summary>Where this validator's promises lie, apart from the chain.</summary>
    internal const string JournalName = "journal";

    /// <summary>Tells, when the journal is gone, that there was one.</summary>
    internal const string JournalMarkName = "journal-of";

    /// <summary>Where a ledger is built that is to take the place of the present one.</summary>
    internal const string IncomingName = "ledger.incoming";

    /// <summary>
    /// Says that a restore was begun and not finished: the folder is no validator's until it is.
    /// </summary>
    internal const string UnfinishedName = "restore-unfinished";

    /// <summary>Where a node keeps snapshots for others.</summary>
    public const string SnapshotsName = "snapshots";

    private const string LockName = "lock";

    /// <summary>
    /// EWOULDBLOCK: another process holds the lock. Anything else is the disk's or its rights' fault.
    /// </summary>
    private const int WouldBlock = 11;

    /// <summary>What a file system puts into its own root.</summary>
    private const string LostAndFound = "lost+found";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Root = path;
        _lock = held;
    }

    /// <summary>The folder's full path: what the ledger's store and the journal open.</summary>
    public string Root { get; }

    /// <summary>Opens the folder, or makes it when it is missing or empty.</summary>
    /// <exception cref="DataFolderException">Foreign, newer, of another chain, in use or
    /// unusable.</exception>
    /// <exception cref="DamagedDataException">Ours, but its manifest cannot be read.</exception>
    public static DataFolder Open(string path, string chainId, Digest genesisHash)
    {
        var root = Path.GetFullPath(path);
        try
        {
            Make(root);
            MustNotBeForeign(root);
            var held = Lock(root);
            try
            {
                Manifest.OpenOrCreate(root, new(Manifest.CurrentFormat, chainId, genesisHash));
                return new(root, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unusable(root, failure);
        }
    }

    /// <summary>Holds a folder that is there, and makes none.</summary>
    /// <exception cref="DataFolderException">No data folder, newer, of another chain, in use or
    /// unusable.</exception>
    /// <exception cref="DamagedDataException">Ours, but its manifest cannot be read.</exception>
    public static DataFolder OpenExisting(string path, string chainId, Digest genesisHash)
    {
        MustBeThere(Path.GetFullPath(path));
        return Open(path, chainId, genesisHash);
    }

    /// <summary>
    /// Holds a folder that is there, to read it while no node writes; changes nothing in it.
    /// </summary>
    /// <exception cref="DataFolderException">No data folder, newer, of another chain, or in use.</exception>
    /// <exception cref="DamagedDataException">Ours, but its manifest cannot be read.</exception>
    public static DataFolder OpenReadOnly(string path, string chainId, Digest genesisHash)
    {
        var root = Path.GetFullPath(path);
        MustBeThere(root);
        try
        {
            var held = Lock(root, FileMode.Open, FileAccess.Read);
            try
            {
                Manifest.OpenOrCreate(root, new(Manifest.CurrentFormat, chainId, genesisHash));
                return new(root, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataFolderException(
                $"The data folder {root} cannot be read ({failure.Message})", failure);
        }
    }

    /// <summary>
    /// Whether a process holds this folder now. One that was killed still does for as long as the system
    /// takes to bury it.
    /// </summary>
    public static bool IsHeld(string path)
    {
        var root = Path.GetFullPath(path);
        if (!File.Exists(Path.Combine(root, LockName)))
        {
            return false;
        }

        try
        {
            Lock(root, FileMode.Open, FileAccess.Read).Dispose();
            return false;
        }
        catch (DataFolderException)
        {
            return true;
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Makes a folder so that its name survives a power cut: without that, everything synced inside it may
    /// vanish.
    /// </summary>
    internal static void Make(string path)
    {
        if (Path.GetDirectoryName(path) is { } parent && !Directory.Exists(path))
        {
            Make(parent);
            Directory.CreateDirectory(path);
            DurableFile.SyncFolder(parent);
        }
    }

    /// <summary>Says in our words why the system would not let us.</summary>
    internal static DataFolderException Unusable(string path, Exception failure)
        => IsDiskFull(failure)
            ? new($"The disk that holds {path} is full; free some space and start again", failure)
            : new($"The data folder {path} cannot be made or written ({failure.Message}); "
                + "name a folder that the node's user may write", failure);

    private static bool IsDiskFull(Exception failure)
        => failure.Message.Contains("No space left", StringComparison.OrdinalIgnoreCase);

    private static void MustBeThere(string root)
    {
        if (!Manifest.ExistsIn(root))
        {
            throw new DataFolderException(
                $"The folder {root} is no data folder: it holds no {Manifest.FileName}; name the one that "
                + "a node has used");
        }
    }

    private static void MustNotBeForeign(string root)
    {
        if (Manifest.ExistsIn(root))
        {
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(root))
        {
            var name = Path.GetFileName(entry);
            if (name is LedgerName or JournalName or JournalMarkName)
            {
                throw new DamagedDataException(
                    $"The data folder {root} holds a {name} but no {Manifest.FileName}; restore that file "
                    + "from a backup: an empty folder would make a validator forget its promises");
            }

            if (name is not (LockName or LostAndFound)
                && !name.StartsWith(Manifest.FileName, StringComparison.Ordinal))
            {
                throw new DataFolderException(
                    $"The folder {root} is not a ledger's: it holds {name} but no {Manifest.FileName}; "
                    + "name an empty folder, or the one that this node has used before");
            }
        }
    }

    private static FileStream Lock(
        string root, FileMode mode = FileMode.OpenOrCreate, FileAccess access = FileAccess.ReadWrite)
    {
        var path = Path.Combine(root, LockName);
        try
        {
            return new(path, mode, access, FileShare.None);
        }
        catch (IOException failure) when (failure.HResult == WouldBlock)
        {
            throw new DataFolderException(
                $"The data folder {root} is in use by another process, which holds {path}; stop that node "
                + "first, or give this one a folder of its own", failure);
        }
    }
}
