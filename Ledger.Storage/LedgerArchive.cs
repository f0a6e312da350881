using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// A data folder's records as they lie there, for whoever trusts none of them: nothing is decoded, and nothing in the
/// folder is written. Holds the folder, so that no node changes it meanwhile. Any number of threads may read.
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
                $"{LedgerRecord.Describe(family, key)} cannot be read ({failure.Message}). {Families.Remedy}", failure);
        }
    }

    /// <summary>All records of a family in the order of their keys, but for the mark at its end.</summary>
    public IEnumerable<KeyValuePair<byte[], byte[]>> ReadAll(RecordFamily family)
    {
        using var iterator = _families.Database.NewIterator(HandleOf(family));
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            var key = iterator.Key();
            if (!key.AsSpan().SequenceEqual(Keys.End))
            {
                yield return new(key, iterator.Value());
            }
        }
    }

    public void Dispose()
    {
        _families.Database.Dispose();
        _folder.Dispose();
    }

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
