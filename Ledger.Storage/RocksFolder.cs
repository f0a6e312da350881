using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Opens RocksDB the one way that the ledger trusts: everything checked, a torn tail of the write-ahead log
/// forgiven (it was never acknowledged) and any other damage refused. Turns its errors into ours.
/// </summary>
internal static class RocksFolder
{
    private const ulong InfoLogBytes = 1 << 20;
    private const ulong InfoLogFiles = 2;

    /// <summary>
    /// What opening may write: a log is turned into tables, and new files are begun. A library built with its
    /// assertions on dies where it cannot, instead of telling us.
    /// </summary>
    private const long FreeBytesMin = 16 << 20;

    /// <summary>A small database of one column family.</summary>
    /// <param name="folder">Where it is; made when missing.</param>
    /// <param name="remedy">What an operator should do when it turns out to be damaged.</param>
    public static RocksDb Open(string folder, string remedy)
    {
        var options = BaseOptions()
            .SetMaxTotalWalSize(32 << 20)
            .SetWriteBufferSize(8 << 20)
            .SetMaxOpenFiles(64);
        return Guard(folder, remedy, () => RocksDb.Open(options, folder));
    }

    public static RocksDb Open(string folder, string remedy, DbOptions options, ColumnFamilies families)
        => Guard(folder, remedy, () => RocksDb.Open(options, folder, families));

    /// <summary>To look and never to write; the folder must be there.</summary>
    public static RocksDb OpenReadOnly(
        string folder, string remedy, DbOptions options, ColumnFamilies families)
    {
        try
        {
            return RocksDb.OpenReadOnly(
                options.SetCreateIfMissing(false), folder, families, errIfLogFileExists: false);
        }
        catch (RocksDbSharpException failure)
        {
            throw Explain(folder, remedy, failure);
        }
    }

    /// <summary>What both databases share.</summary>
    public static DbOptions BaseOptions()
        => new DbOptions()
            .SetCreateIfMissing(true)
            .SetCreateMissingColumnFamilies(true)
            .SetParanoidChecks(true)
            .SetWalRecoveryMode(Recovery.TolerateCorruptedTailRecords)
            // A library built with its assertions on dies of a log line that a full disk refuses.
            .SetInfoLogLevel(InfoLogLevel.Fatal)
            .SetMaxLogFileSize(InfoLogBytes)
            .SetKeepLogFileNum(InfoLogFiles)
            .SetStatsDumpPeriodSec(0);

    private static RocksDb Guard(string folder, string remedy, Func<RocksDb> open)
    {
        try
        {
            DataFolder.Make(folder);
            MustHaveRoom(folder);
            return open();
        }
        catch (RocksDbSharpException failure)
        {
            throw Explain(folder, remedy, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.Unusable(folder, failure);
        }
    }

    private static void MustHaveRoom(string folder)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < FreeBytesMin)
        {
            throw new DataFolderException(
                $"The disk that holds {folder} is full: {free >> 10} KiB are free, opening takes up to "
                + $"{FreeBytesMin >> 10}; free some space and start again");
        }
    }

    private static Exception Explain(string folder, string remedy, RocksDbSharpException failure)
    {
        var message = failure.Message;
        if (message.Contains("lock", StringComparison.Ordinal)
            && message.Contains("LOCK", StringComparison.Ordinal))
        {
            return new DataFolderException(
                $"The database {folder} is in use by another process ({message}); stop that first", failure);
        }

        if (message.Contains("No space left", StringComparison.Ordinal))
        {
            return new DataFolderException(
                $"The disk that holds {folder} is full; free some space and start again", failure);
        }

        if (message.Contains("Permission denied", StringComparison.Ordinal)
            || message.Contains("Read-only file system", StringComparison.Ordinal))
        {
            return new DataFolderException(
                $"The database {folder} cannot be written ({message}); "
                + "give the node's user write access", failure);
        }

        return new DamagedDataException($"The database {folder} is damaged ({message}). {remedy}", failure);
    }
}
