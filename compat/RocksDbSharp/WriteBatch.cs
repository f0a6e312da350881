namespace RocksDbSharp;

/// <summary>Changes that are written all together or not at all.</summary>
public class WriteBatch : IDisposable
{
    private nint _handle = Native.rocksdb_writebatch_create();

    ~WriteBatch() => Release();

    public nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    public WriteBatch Clear()
    {
        Native.rocksdb_writebatch_clear(Handle);
        return this;
    }

    public int Count() => Native.rocksdb_writebatch_count(Handle);

    public WriteBatch Put(byte[] key, byte[] val, ColumnFamilyHandle? cf = null)
        => Put((ReadOnlySpan<byte>)key, val, cf);

    public WriteBatch Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> val, ColumnFamilyHandle? cf = null)
    {
        if (cf is null)
        {
            Native.rocksdb_writebatch_put(Handle, key, (nuint)key.Length, val, (nuint)val.Length);
        }
        else
        {
            Native.rocksdb_writebatch_put_cf(
                Handle, cf.Handle, key, (nuint)key.Length, val, (nuint)val.Length);
        }

        return this;
    }

    public WriteBatch Delete(byte[] key, ColumnFamilyHandle? cf = null)
        => Delete((ReadOnlySpan<byte>)key, cf);

    public WriteBatch Delete(ReadOnlySpan<byte> key, ColumnFamilyHandle? cf = null)
    {
        if (cf is null)
        {
            Native.rocksdb_writebatch_delete(Handle, key, (nuint)key.Length);
        }
        else
        {
            Native.rocksdb_writebatch_delete_cf(Handle, cf.Handle, key, (nuint)key.Length);
        }

        return this;
    }

    public WriteBatch DeleteRange(
        byte[] startKey, ulong sklen, byte[] endKey, ulong eklen, ColumnFamilyHandle? cf = null)
    {
        if (cf is null)
        {
            Native.rocksdb_writebatch_delete_range(Handle, startKey, (nuint)sklen, endKey, (nuint)eklen);
        }
        else
        {
            Native.rocksdb_writebatch_delete_range_cf(
                Handle, cf.Handle, startKey, (nuint)sklen, endKey, (nuint)eklen);
        }

        return this;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        var handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            Native.rocksdb_writebatch_destroy(handle);
        }
    }
}
