using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// A data folder's records as they lie there, for whoever trusts none of them: nothing is decoded, and
/// nothing in the folder is written. Holds the folder, so that no node changes it meanwhile. Any number of
/// threads may read.
/// </summary>
public sealed class LedgerArchive : IDisposable
{
    private readonly DataFolder _folder;
    private readonly Families _families;

    private LedgerArchive(DataFolder folder, Families families)
    {
        _folder = folder;
        _families = families;
    }

    public string Root => _folder.Root;

    /// <exception cref="DataFolderException">No data folder, of another chain, or in use.</exception>
    /// <exception cref="DamagedDataException">The database itself finds that it is damaged.</exception>
    public static LedgerArchive Open(string dataFolder, Genesis genesis)
    {
        var folder = DataFolder.OpenReadOnly(dataFolder, genesis.ChainId, genesis.Hash);
        try
        {
            RestoreMark.MustNotBeIn(folder.Root);
            var ledger = Path.Combine(folder.Root, DataFolder.LedgerName);
            if (!Directory.Exists(ledger))
            {
                throw new DataFolderException(
                    $"The data folder {folder.Root} holds no ledger: no node has run on it, and nothing "
                    + "was restored into it");
            }

            return new(folder, Families.Open(ledger, StorageOptions.Default, isReadOnly: true));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The height that the head record names, or null when it is missing or torn.</summary>
    public Height? ReadHead()
        => Read(RecordFamily.Meta, LedgerReader.HeadKey) is { Length: Keys.HeightBytes + Digest.Size } head
            ? Keys.ReadHeight(head)
            : null;

    /// <exception cref="DamagedDataException">The database cannot read that part of its files.</exception>
    public byte[]? Read(RecordFamily family, ReadOnlySpan<byte> key)
    {
        try
        {
            return _families.Database.Get(key, HandleOf(family));
        }
        catch (RocksDbSharpException failure)
        {
            throw new DamagedDataException(
                $"{LedgerRecord.Describe(family, key)} cannot be read ({failure.Message}). {Families.Remedy}",
                failure);
        }
    }

    /// <summary>From which heights on the folder says that it has what.</summary>
    /// <exception cref="DamagedDataException">The record of it is torn.</exception>
    public KeptHeights ReadKept()
        => Read(RecordFamily.Meta, KeptHeights.Key) is not { } value
            ? KeptHeights.All
            : KeptHeights.Decode(value) ?? throw Damaged("the record of what it keeps is torn");

    /// <summary>
    /// The snapshot files that the node has kept beside its ledger, in the order of their heights.
    /// </summary>
    public IReadOnlyList<string> SnapshotPaths()
    {
        var folder = Path.Combine(Root, DataFolder.SnapshotsName);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.snapshot").Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>All records of a family in the order of their keys, but for the mark at its end.</summary>
    /// <exception cref="DamagedDataException">The database could not read on to the last one.</exception>
    public IEnumerable<KeyValuePair<byte[], byte[]>> ReadAll(RecordFamily family)
        => Scan(family, static iterator => new KeyValuePair<byte[], byte[]>(iterator.Key(), iterator.Value()))
            .Where(static record => !record.Key.AsSpan().SequenceEqual(Keys.End));

    /// <summary>The same without the values.</summary>
    /// <exception cref="DamagedDataException">The database could not read on to the last one.</exception>
    public IEnumerable<byte[]> ReadKeys(RecordFamily family)
        => Scan(family, static iterator => iterator.Key())
            .Where(static key => !key.AsSpan().SequenceEqual(Keys.End));

    /// <summary>
    /// An iterator ends alike behind the last record and before one that cannot be read, so it is asked for
    /// the last one first. Where a family has a mark at its end, that must be it.
    /// </summary>
    private IEnumerable<T> Scan<T>(RecordFamily family, Func<Iterator, T> read)
    {
        using var iterator = _families.Database.NewIterator(HandleOf(family));
        var last = iterator.SeekToLast().Valid() ? iterator.Key() : null;
        var isMarked = family is RecordFamily.State or RecordFamily.History;
        if (isMarked && (last is null || !last.AsSpan().SequenceEqual(Keys.End)))
        {
            throw Damaged(
                $"the end of the records '{LedgerRecord.NameOf(family)}' is missing or cannot be read");
        }

        byte[]? key = null;
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            key = iterator.Key();
            yield return read(iterator);
        }

        if (!key.AsSpan().SequenceEqual(last))
        {
            throw Damaged(
                $"the records '{LedgerRecord.NameOf(family)}' cannot be read beyond key "
                + $"{Convert.ToHexStringLower(key ?? [])}");
        }
    }

    public void Dispose()
    {
        _families.Database.Dispose();
        _folder.Dispose();
    }

    private DamagedDataException Damaged(string what) => _families.Report(what, null);

    private ColumnFamilyHandle HandleOf(RecordFamily family) => family switch
    {
        RecordFamily.Meta => _families.Meta,
        RecordFamily.Blocks => _families.Blocks,
        RecordFamily.Headers => _families.Headers,
        RecordFamily.Certificates => _families.Certificates,
        RecordFamily.BlockHeights => _families.BlockHeights,
        RecordFamily.Transactions => _families.Transactions,
        RecordFamily.Receipts => _families.Receipts,
        RecordFamily.State => _families.State,
        RecordFamily.StateTree => _families.StateTree,
        RecordFamily.History => _families.History,
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };
}
