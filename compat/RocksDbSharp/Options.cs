namespace RocksDbSharp;

public enum Compression
{
    No = 0,
    Snappy = 1,
    Zlib = 2,
    Bz2 = 3,
    Lz4 = 4,
    Lz4hc = 5,
    Zstd = 7,
}

public enum Recovery
{
    TolerateCorruptedTailRecords = 0,
    AbsoluteConsistency = 1,
    PointInTime = 2,
    SkipAnyCorruptedRecords = 3,
}

public enum InfoLogLevel
{
    Debug = 0,
    Info = 1,
    Warn = 2,
    Error = 3,
    Fatal = 4,
    Header = 5,
}

/// <summary>
/// Option objects live as long as the process: a database holds on to them, and there are a handful.
/// </summary>
public abstract class OptionsHandle
{
    protected OptionsHandle() => Handle = Native.rocksdb_options_create();

    public nint Handle { get; }
}

public abstract class Options<T> : OptionsHandle
    where T : Options<T>
{
    public T SetWriteBufferSize(ulong value)
    {
        Native.rocksdb_options_set_write_buffer_size(Handle, (nuint)value);
        return (T)this;
    }

    public T SetTargetFileSizeBase(ulong value)
    {
        Native.rocksdb_options_set_target_file_size_base(Handle, value);
        return (T)this;
    }

    public T SetInfoLogLevel(InfoLogLevel value)
    {
        Native.rocksdb_options_set_info_log_level(Handle, (int)value);
        return (T)this;
    }

    public T SetMaxWriteBufferNumber(int value)
    {
        Native.rocksdb_options_set_max_write_buffer_number(Handle, value);
        return (T)this;
    }

    public T SetCompression(Compression value)
    {
        Native.rocksdb_options_set_compression(Handle, (int)value);
        return (T)this;
    }

    public T OptimizeForPointLookup(ulong blockCacheSizeMb)
    {
        Native.rocksdb_options_optimize_for_point_lookup(Handle, blockCacheSizeMb);
        return (T)this;
    }

    public T SetBlockBasedTableFactory(BlockBasedTableOptions table_options)
    {
        ArgumentNullException.ThrowIfNull(table_options);
        Native.rocksdb_options_set_block_based_table_factory(Handle, table_options.Handle);
        return (T)this;
    }
}

public class ColumnFamilyOptions : Options<ColumnFamilyOptions>
{
}

public class DbOptions : Options<DbOptions>
{
    public DbOptions SetCreateIfMissing(bool value = true)
    {
        Native.rocksdb_options_set_create_if_missing(Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public DbOptions SetCreateMissingColumnFamilies(bool value = true)
    {
        Native.rocksdb_options_set_create_missing_column_families(Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public DbOptions SetParanoidChecks(bool value = true)
    {
        Native.rocksdb_options_set_paranoid_checks(Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public DbOptions SetWalRecoveryMode(Recovery mode)
    {
        Native.rocksdb_options_set_wal_recovery_mode(Handle, (int)mode);
        return this;
    }

    public DbOptions SetMaxLogFileSize(ulong value)
    {
        Native.rocksdb_options_set_max_log_file_size(Handle, (nuint)value);
        return this;
    }

    public DbOptions SetKeepLogFileNum(ulong value)
    {
        Native.rocksdb_options_set_keep_log_file_num(Handle, (nuint)value);
        return this;
    }

    public DbOptions SetStatsDumpPeriodSec(uint value)
    {
        Native.rocksdb_options_set_stats_dump_period_sec(Handle, value);
        return this;
    }

    public DbOptions SetMaxTotalWalSize(ulong n)
    {
        Native.rocksdb_options_set_max_total_wal_size(Handle, n);
        return this;
    }

    public DbOptions SetDbWriteBufferSize(ulong size)
    {
        Native.rocksdb_options_set_db_write_buffer_size(Handle, (nuint)size);
        return this;
    }

    public DbOptions SetMaxOpenFiles(int value)
    {
        Native.rocksdb_options_set_max_open_files(Handle, value);
        return this;
    }
}

public class BlockBasedTableOptions
{
    public nint Handle { get; } = Native.rocksdb_block_based_options_create();

    public BlockBasedTableOptions SetBlockCache(Cache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        Native.rocksdb_block_based_options_set_block_cache(Handle, cache.Handle);
        return this;
    }

    public BlockBasedTableOptions SetFilterPolicy(BloomFilterPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Native.rocksdb_block_based_options_set_filter_policy(Handle, policy.Handle);
        return this;
    }

    public BlockBasedTableOptions SetCacheIndexAndFilterBlocks(bool value)
    {
        Native.rocksdb_block_based_options_set_cache_index_and_filter_blocks(
            Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public BlockBasedTableOptions SetPinL0FilterAndIndexBlocksInCache(bool value)
    {
        Native.rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
            Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public BlockBasedTableOptions SetBlockSize(ulong blockSize)
    {
        Native.rocksdb_block_based_options_set_block_size(Handle, (nuint)blockSize);
        return this;
    }
}

/// <summary>A filter policy belongs to the one table that it is set on.</summary>
public class BloomFilterPolicy
{
    private BloomFilterPolicy(nint handle) => Handle = handle;

    public nint Handle { get; }

    public static BloomFilterPolicy Create(int bits_per_key = 10, bool use_block_based_builder = true)
        => new(Native.rocksdb_filterpolicy_create_bloom_full(bits_per_key));
}

public class Cache
{
    private Cache(nint handle) => Handle = handle;

    public nint Handle { get; }

    public static Cache CreateLru(ulong capacity) => new(Native.rocksdb_cache_create_lru((nuint)capacity));
}

public class ReadOptions
{
    public nint Handle { get; } = Native.rocksdb_readoptions_create();

    public ReadOptions SetSnapshot(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Native.rocksdb_readoptions_set_snapshot(Handle, snapshot.Handle);
        return this;
    }

    public ReadOptions SetFillCache(bool value)
    {
        Native.rocksdb_readoptions_set_fill_cache(Handle, value ? (byte)1 : (byte)0);
        return this;
    }
}

public class WriteOptions
{
    public nint Handle { get; } = Native.rocksdb_writeoptions_create();

    public WriteOptions SetSync(bool value)
    {
        Native.rocksdb_writeoptions_set_sync(Handle, value ? (byte)1 : (byte)0);
        return this;
    }

    public WriteOptions DisableWal(int disable)
    {
        Native.rocksdb_writeoptions_disable_WAL(Handle, disable);
        return this;
    }
}
