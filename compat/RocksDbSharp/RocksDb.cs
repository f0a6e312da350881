using System.Runtime.InteropServices;
using System.Text;

namespace RocksDbSharp;

/// <summary>
/// An open database. Closing it waits for nobody: whoever is inside closes it when they leave.
/// </summary>
public class RocksDb : IDisposable
{
    private readonly ReadOptions _read = new();
    private readonly WriteOptions _write = new();
    private readonly Dictionary<string, Family> _families = [];
    private readonly Lifetime _lifetime;

    private RocksDb(string path, nint db, IReadOnlyList<string> families, nint[] handles)
    {
        Path = path;
        _lifetime = new(db, handles);
        for (var i = 0; i < handles.Length; i++)
        {
            _families[families[i]] = new(handles[i], _lifetime);
        }
    }

    public string Path { get; }

    public static RocksDb Open(DbOptions options, string path)
    {
        ArgumentNullException.ThrowIfNull(options);
        var db = Native.rocksdb_open(options.Handle, Native.Path(path), out var error);
        Native.Check(error);
        return new(path, db, [], []);
    }

    public static RocksDb Open(DbOptions options, string path, ColumnFamilies columnFamilies)
        => Open(options, path, columnFamilies, Native.rocksdb_open_column_families);

    /// <summary>Opens what is there without writing, not even to end a log that was cut short.</summary>
    public static RocksDb OpenReadOnly(
        DbOptions options, string path, ColumnFamilies columnFamilies, bool errIfLogFileExists)
        => Open(
            options, path, columnFamilies,
            (nint handle, byte[] name, int count, nint[] names, nint[] familyOptions, nint[] handles,
                out nint error)
                => Native.rocksdb_open_for_read_only_column_families(
                    handle, name, count, names, familyOptions, handles, (byte)(errIfLogFileExists ? 1 : 0),
                    out error));

    private static RocksDb Open(
        DbOptions options, string path, ColumnFamilies columnFamilies, FamilyOpener open)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(columnFamilies);
        var descriptors = columnFamilies.Descriptors;
        var names = descriptors.Select(d => Marshal.StringToCoTaskMemUTF8(d.Name)).ToArray();
        var handles = new nint[names.Length];
        try
        {
            nint[] familyOptions = [.. descriptors.Select(d => d.Options.Handle)];
            var db = open(options.Handle, Native.Path(path), names.Length, names, familyOptions, handles,
                out var error);
            Native.Check(error);
            return new(path, db, [.. descriptors.Select(d => d.Name)], handles);
        }
        finally
        {
            Array.ForEach(names, Marshal.FreeCoTaskMem);
        }
    }

    private delegate nint FamilyOpener(
        nint options, byte[] name, int count, nint[] names, nint[] familyOptions, nint[] handles,
        out nint error);

    public static IEnumerable<string> ListColumnFamilies(DbOptions options, string name)
    {
        ArgumentNullException.ThrowIfNull(options);
        var list = Native.rocksdb_list_column_families(
            options.Handle, Native.Path(name), out var count, out var error);
        Native.Check(error);
        var names = new string[(int)count];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(list, i * nint.Size)) ?? "";
        }

        Native.rocksdb_list_column_families_destroy(list, count);
        return names;
    }

    public ColumnFamilyHandle GetColumnFamily(string name)
        => _families.TryGetValue(name, out var family)
            ? family
            : throw new KeyNotFoundException($"No column family {name} is open.");

    public byte[]? Get(byte[] key, ColumnFamilyHandle? cf = null, ReadOptions? readOptions = null)
        => Get((ReadOnlySpan<byte>)key, cf, readOptions);

    public byte[]? Get(ReadOnlySpan<byte> key, ColumnFamilyHandle? cf = null, ReadOptions? readOptions = null)
    {
        var options = (readOptions ?? _read).Handle;
        var db = _lifetime.Enter();
        try
        {
            var slice = cf is null
                ? Native.rocksdb_get_pinned(db, options, key, (nuint)key.Length, out var error)
                : Native.rocksdb_get_pinned_cf(db, options, cf.Handle, key, (nuint)key.Length, out error);
            Native.Check(error);
            return slice == 0 ? null : Copy(slice);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public void Put(
        byte[] key, byte[] value, ColumnFamilyHandle? cf = null, WriteOptions? writeOptions = null)
    {
        var options = (writeOptions ?? _write).Handle;
        var db = _lifetime.Enter();
        try
        {
            nint error;
            if (cf is null)
            {
                Native.rocksdb_put(
                    db, options, key, (nuint)key.Length, value, (nuint)value.Length, out error);
            }
            else
            {
                Native.rocksdb_put_cf(
                    db, options, cf.Handle, key, (nuint)key.Length, value, (nuint)value.Length, out error);
            }

            Native.Check(error);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public void Remove(byte[] key, ColumnFamilyHandle? cf = null, WriteOptions? writeOptions = null)
    {
        var options = (writeOptions ?? _write).Handle;
        var db = _lifetime.Enter();
        try
        {
            nint error;
            if (cf is null)
            {
                Native.rocksdb_delete(db, options, key, (nuint)key.Length, out error);
            }
            else
            {
                Native.rocksdb_delete_cf(db, options, cf.Handle, key, (nuint)key.Length, out error);
            }

            Native.Check(error);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public void Write(WriteBatch writeBatch, WriteOptions? writeOptions = null)
    {
        ArgumentNullException.ThrowIfNull(writeBatch);
        var db = _lifetime.Enter();
        try
        {
            Native.rocksdb_write(db, (writeOptions ?? _write).Handle, writeBatch.Handle, out var error);
            Native.Check(error);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public Iterator NewIterator(ColumnFamilyHandle? cf = null, ReadOptions? readOptions = null)
    {
        var options = (readOptions ?? _read).Handle;
        var db = _lifetime.Enter();
        return new(
            cf is null
                ? Native.rocksdb_create_iterator(db, options)
                : Native.rocksdb_create_iterator_cf(db, options, cf.Handle),
            _lifetime);
    }

    public Snapshot CreateSnapshot()
    {
        var db = _lifetime.Enter();
        return new(db, Native.rocksdb_create_snapshot(db), _lifetime);
    }

    public Checkpoint Checkpoint()
    {
        var db = _lifetime.Enter();
        var checkpoint = Native.rocksdb_checkpoint_object_create(db, out var error);
        if (error != 0)
        {
            _lifetime.Leave();
        }

        Native.Check(error);
        return new(checkpoint, _lifetime);
    }

    /// <summary>
    /// Rewrites a range, null for no bound, so that what was deleted in it leaves the disk.
    /// </summary>
    public void CompactRange(byte[]? start, byte[]? limit, ColumnFamilyHandle? cf = null)
    {
        var (from, to) = ((nuint)(start?.Length ?? 0), (nuint)(limit?.Length ?? 0));
        var db = _lifetime.Enter();
        try
        {
            if (cf is null)
            {
                Native.rocksdb_compact_range(db, start, from, limit, to);
            }
            else
            {
                Native.rocksdb_compact_range_cf(db, cf.Handle, start, from, limit, to);
            }
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    /// <summary>
    /// Takes tables that were written outside of the database into it, all of them or none.
    /// </summary>
    public void IngestExternalFiles(
        string[] files, IngestExternalFileOptions ingestOptions, ColumnFamilyHandle? cf = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(ingestOptions);
        nint[] names = [.. files.Select(Marshal.StringToCoTaskMemUTF8)];
        var db = _lifetime.Enter();
        try
        {
            nint error;
            if (cf is null)
            {
                Native.rocksdb_ingest_external_file(
                    db, names, (nuint)names.Length, ingestOptions.Handle, out error);
            }
            else
            {
                Native.rocksdb_ingest_external_file_cf(
                    db, cf.Handle, names, (nuint)names.Length, ingestOptions.Handle, out error);
            }

            Native.Check(error);
        }
        finally
        {
            _lifetime.Leave();
            Array.ForEach(names, Marshal.FreeCoTaskMem);
        }
    }

    public string? GetProperty(string propertyName, ColumnFamilyHandle? cf = null)
    {
        var name = Encoding.UTF8.GetBytes(propertyName + "\0");
        var db = _lifetime.Enter();
        try
        {
            var value = cf is null
                ? Native.rocksdb_property_value(db, name)
                : Native.rocksdb_property_value_cf(db, cf.Handle, name);
            if (value == 0)
            {
                return null;
            }

            var text = Marshal.PtrToStringUTF8(value);
            Native.rocksdb_free(value);
            return text;
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public void Dispose()
    {
        _lifetime.Close();
        GC.SuppressFinalize(this);
    }

    private static byte[] Copy(nint slice)
    {
        var pointer = Native.rocksdb_pinnableslice_value(slice, out var length);
        var bytes = new byte[(int)length];
        Marshal.Copy(pointer, bytes, 0, bytes.Length);
        Native.rocksdb_pinnableslice_destroy(slice);
        return bytes;
    }

    /// <summary>Refuses to be used once its database is closed: the handle is then gone.</summary>
    private sealed class Family(nint handle, Lifetime lifetime) : ColumnFamilyHandle
    {
        public override nint Handle
        {
            get
            {
                ObjectDisposedException.ThrowIf(lifetime.IsClosing, typeof(RocksDb));
                return handle;
            }
        }
    }
}
