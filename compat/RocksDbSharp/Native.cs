using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace RocksDbSharp;

/// <summary>The system's librocksdb: its C interface (rocksdb/c.h), just what is used.</summary>
internal static partial class Native
{
    private const string Library = "librocksdb";

    private static readonly string[] Names =
    [
        "librocksdb.so.7.8", "librocksdb.so.8.9", "librocksdb.so.9.10", "librocksdb.so.9.11",
        "librocksdb.so.10.2",
        "librocksdb.so.8", "librocksdb.so.9", "librocksdb.so.10", "librocksdb.so",
    ];

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Resolve);

    /// <summary>Throws what a call reported, and frees the report.</summary>
    public static void Check(nint error)
    {
        if (error != 0)
        {
            var message = Marshal.PtrToStringUTF8(error) ?? "";
            rocksdb_free(error);
            throw new RocksDbException(message);
        }
    }

    public static byte[] Path(string path) => Encoding.UTF8.GetBytes(path + "\0");

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        foreach (var candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, search, out var handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException(
            "librocksdb was not found; on Debian or Ubuntu: apt-get install librocksdb7.8");
    }

    [LibraryImport(Library)]
    public static partial void rocksdb_free(nint pointer);

    [LibraryImport(Library)]
    public static partial nint rocksdb_open(nint options, byte[] name, out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_open_column_families(
        nint options, byte[] name, int count, nint[] names, nint[] familyOptions, nint[] handles,
        out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_open_for_read_only_column_families(
        nint options, byte[] name, int count, nint[] names, nint[] familyOptions, nint[] handles,
        byte errorIfWalFileExists, out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_list_column_families(
        nint options, byte[] name, out nuint count, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_list_column_families_destroy(nint list, nuint count);

    [LibraryImport(Library)]
    public static partial void rocksdb_close(nint db);

    [LibraryImport(Library)]
    public static partial void rocksdb_column_family_handle_destroy(nint family);

    [LibraryImport(Library)]
    public static partial nint rocksdb_get_pinned(
        nint db, nint options, ReadOnlySpan<byte> key, nuint length, out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_get_pinned_cf(
        nint db, nint options, nint family, ReadOnlySpan<byte> key, nuint length, out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_pinnableslice_value(nint slice, out nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_pinnableslice_destroy(nint slice);

    [LibraryImport(Library)]
    public static partial void rocksdb_put(
        nint db, nint options, ReadOnlySpan<byte> key, nuint keyLength, ReadOnlySpan<byte> value,
        nuint length, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_put_cf(
        nint db, nint options, nint family, ReadOnlySpan<byte> key, nuint keyLength, ReadOnlySpan<byte> value,
        nuint length,
        out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_delete_cf(
        nint db, nint options, nint family, ReadOnlySpan<byte> key, nuint length, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_delete(
        nint db, nint options, ReadOnlySpan<byte> key, nuint length, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_write(nint db, nint options, nint batch, out nint error);

    [LibraryImport(Library)]
    public static partial nint rocksdb_property_value(nint db, byte[] name);

    [LibraryImport(Library)]
    public static partial nint rocksdb_property_value_cf(nint db, nint family, byte[] name);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_snapshot(nint db);

    [LibraryImport(Library)]
    public static partial void rocksdb_release_snapshot(nint db, nint snapshot);

    [LibraryImport(Library)]
    public static partial nint rocksdb_checkpoint_object_create(nint db, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_checkpoint_create(
        nint checkpoint, byte[] folder, ulong logSizeForFlush, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_checkpoint_object_destroy(nint checkpoint);

    [LibraryImport(Library)]
    public static partial nint rocksdb_envoptions_create();

    [LibraryImport(Library)]
    public static partial nint rocksdb_sstfilewriter_create(nint env, nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_sstfilewriter_open(nint writer, byte[] name, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_sstfilewriter_put(
        nint writer, ReadOnlySpan<byte> key, nuint keyLength, ReadOnlySpan<byte> value, nuint length,
        out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_sstfilewriter_finish(nint writer, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_sstfilewriter_destroy(nint writer);

    [LibraryImport(Library)]
    public static partial nint rocksdb_ingestexternalfileoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_ingestexternalfileoptions_set_move_files(nint options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_ingest_external_file(
        nint db, nint[] files, nuint count, nint options, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_ingest_external_file_cf(
        nint db, nint family, nint[] files, nuint count, nint options, out nint error);

    [LibraryImport(Library)]
    public static partial void rocksdb_compact_range(
        nint db, byte[]? start, nuint startLength, byte[]? limit, nuint limitLength);

    [LibraryImport(Library)]
    public static partial void rocksdb_compact_range_cf(
        nint db, nint family, byte[]? start, nuint startLength, byte[]? limit, nuint limitLength);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_iterator(nint db, nint options);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_iterator_cf(nint db, nint options, nint family);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_destroy(nint iterator);

    [LibraryImport(Library)]
    public static partial byte rocksdb_iter_valid(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek(nint iterator, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_for_prev(
        nint iterator, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_to_first(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_to_last(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_next(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_prev(nint iterator);

    [LibraryImport(Library)]
    public static partial nint rocksdb_iter_key(nint iterator, out nuint length);

    [LibraryImport(Library)]
    public static partial nint rocksdb_iter_value(nint iterator, out nuint length);

    [LibraryImport(Library)]
    public static partial nint rocksdb_writebatch_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_destroy(nint batch);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_clear(nint batch);

    [LibraryImport(Library)]
    public static partial int rocksdb_writebatch_count(nint batch);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_put(
        nint batch, ReadOnlySpan<byte> key, nuint keyLength, ReadOnlySpan<byte> value, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_put_cf(
        nint batch, nint family, ReadOnlySpan<byte> key, nuint keyLength, ReadOnlySpan<byte> value,
        nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete(nint batch, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_cf(
        nint batch, nint family, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_range(
        nint batch, ReadOnlySpan<byte> start, nuint startLength, ReadOnlySpan<byte> end, nuint endLength);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_range_cf(
        nint batch, nint family, ReadOnlySpan<byte> start, nuint startLength, ReadOnlySpan<byte> end,
        nuint endLength);

    [LibraryImport(Library)]
    public static partial nint rocksdb_options_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_create_if_missing(nint options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_create_missing_column_families(nint options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_paranoid_checks(nint options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_wal_recovery_mode(nint options, int mode);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_info_log_level(nint options, int level);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_log_file_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_keep_log_file_num(nint options, nuint count);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_stats_dump_period_sec(nint options, uint seconds);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_total_wal_size(nint options, ulong bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_db_write_buffer_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_write_buffer_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_target_file_size_base(nint options, ulong bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_optimize_for_point_lookup(nint options, ulong cacheMegabytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_write_buffer_number(nint options, int count);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_open_files(nint options, int count);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_compression(nint options, int compression);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_block_based_table_factory(nint options, nint table);

    [LibraryImport(Library)]
    public static partial nint rocksdb_block_based_options_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_block_cache(nint table, nint cache);

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_filter_policy(nint table, nint policy);

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_cache_index_and_filter_blocks(
        nint table, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
        nint table, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_block_size(nint table, nuint bytes);

    [LibraryImport(Library)]
    public static partial nint rocksdb_filterpolicy_create_bloom_full(double bitsPerKey);

    [LibraryImport(Library)]
    public static partial nint rocksdb_cache_create_lru(nuint capacity);

    [LibraryImport(Library)]
    public static partial nint rocksdb_readoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_snapshot(nint options, nint snapshot);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_fill_cache(nint options, byte value);

    [LibraryImport(Library)]
    public static partial nint rocksdb_writeoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_set_sync(nint options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_disable_WAL(nint options, int value);
}
