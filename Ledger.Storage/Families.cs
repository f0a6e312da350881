using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>The ledger's column families, and how each is tuned for what lies in it.</summary>
internal sealed class Families
{
    public const string MetaName = "meta";

    /// <summary>
    /// What to do about a damaged ledger. An older journal would be an older memory of what was promised.
    /// </summary>
    public const string Remedy = "Restore this folder from a backup, or remove it and let the node fetch the "
        + "chain from its peers; leave the journal beside it as it is";

    private const int BloomBitsPerKey = 10;
    private const ulong FamilyBufferBytes = 16 << 20;
    private const int FamilyBuffers = 2;

    /// <summary>
    /// A table's filter is one block, and the cache takes none that is larger than one of its shards, 768 KiB
    /// of 48 MiB: it would be read from the disk again for every question. A million hashes in one table have
    /// a filter of 1.2 MB; this keeps it below 500 KB.
    /// </summary>
    private const ulong FilteredTableBytes = 16 << 20;

    private static readonly string[] Names =
    [
        MetaName, "blocks", "headers", "certificates", "block_heights", "transactions", "receipts", "state",
        "state_tree", "history",
    ];

    /// <summary>Looked up by keys that are often absent: a filter saves the disk from answering no.</summary>
    private static readonly string[] Filtered = ["block_heights", "transactions", "state", "state_tree"];

    /// <summary>Hashes and signatures do not compress.</summary>
    private static readonly string[] Incompressible =
        ["certificates", "block_heights", "transactions", "state_tree"];

    private readonly Dictionary<string, ColumnFamilyHandle> _byName;
    private readonly TaskCompletionSource _damage = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Cache _cache;

    private Families(RocksDb database, Cache cache)
    {
        Database = database;
        _cache = cache;
        _byName = Names.ToDictionary(name => name, database.GetColumnFamily);
    }

    public RocksDb Database { get; }

    public IReadOnlyDictionary<string, ColumnFamilyHandle> ByName => _byName;

    /// <summary>Fails with the first damage that a read meets, whoever read.</summary>
    public Task Damage => _damage.Task;

    public ColumnFamilyHandle Meta => _byName[MetaName];

    /// <summary>Height to encoded block.</summary>
    public ColumnFamilyHandle Blocks => _byName["blocks"];

    /// <summary>Height to encoded header; kept when bodies are pruned.</summary>
    public ColumnFamilyHandle Headers => _byName["headers"];

    /// <summary>Height to encoded commit certificate, where the block has one of its own.</summary>
    public ColumnFamilyHandle Certificates => _byName["certificates"];

    /// <summary>Block hash to height.</summary>
    public ColumnFamilyHandle BlockHeights => _byName["block_heights"];

    /// <summary>Transaction hash to height and index.</summary>
    public ColumnFamilyHandle Transactions => _byName["transactions"];

    /// <summary>Height to the receipts of all its transactions.</summary>
    public ColumnFamilyHandle Receipts => _byName["receipts"];

    /// <summary>State key to entry.</summary>
    public ColumnFamilyHandle State => _byName["state"];

    /// <summary>Page key to page of the sparse Merkle tree.</summary>
    public ColumnFamilyHandle StateTree => _byName["state_tree"];

    /// <summary>State key and height, newest first, to entry or tombstone.</summary>
    public ColumnFamilyHandle History => _byName["history"];

    public static Families Open(string folder, StorageOptions options, bool isReadOnly = false)
    {
        var cache = Cache.CreateLru((ulong)options.CacheBytes);
        var families = new ColumnFamilies(OptionsFor(ColumnFamilies.DefaultName, cache));
        foreach (var name in Names)
        {
            families.Add(name, OptionsFor(name, cache));
        }

        var shared = RocksFolder.BaseOptions()
            .SetDbWriteBufferSize((ulong)options.WriteBufferBytes)
            .SetMaxTotalWalSize((ulong)options.WriteAheadLogBytes)
            .SetMaxOpenFiles(options.OpenFiles);
        return new(
            isReadOnly
                ? RocksFolder.OpenReadOnly(folder, Remedy, shared, families)
                : RocksFolder.Open(folder, Remedy, shared, families),
            cache);
    }

    /// <summary>For tables that are written outside and then taken into <see cref="Transactions"/>.</summary>
    public ColumnFamilyOptions TransactionOptions() => OptionsFor("transactions", _cache);

    /// <summary>The damage in words, to throw; told to whoever watches <see cref="Damage"/> too.</summary>
    public DamagedDataException Report(string what, Exception? cause)
    {
        DamagedDataException damage = new(
            $"The ledger in {Database.Path} is damaged: {what}. {Remedy}", cause);
        _damage.TrySetException(damage);
        return damage;
    }

    private static ColumnFamilyOptions OptionsFor(string name, Cache cache)
    {
        // Index and filter blocks live in the cache too, so that its size bounds what reading costs.
        var table = new BlockBasedTableOptions()
            .SetBlockCache(cache)
            .SetCacheIndexAndFilterBlocks(true)
            .SetPinL0FilterAndIndexBlocksInCache(true);
        if (Filtered.Contains(name))
        {
            table.SetFilterPolicy(BloomFilterPolicy.Create(BloomBitsPerKey, false));
        }

        var options = new ColumnFamilyOptions();
        if (Filtered.Contains(name))
        {
            // For its filter over what is still in memory; the table options that it sets are replaced below.
            options.OptimizeForPointLookup(blockCacheSizeMb: 1).SetTargetFileSizeBase(FilteredTableBytes);
        }

        return options
            .SetWriteBufferSize(FamilyBufferBytes)
            .SetMaxWriteBufferNumber(FamilyBuffers)
            .SetCompression(Incompressible.Contains(name) ? Compression.No : Compression.Lz4)
            .SetBlockBasedTableFactory(table);
    }
}
