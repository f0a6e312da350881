using System.Runtime.InteropServices;

namespace RocksDbSharp;

public class Iterator : IDisposable
{
    private readonly Lifetime _lifetime;
    private nint _handle;

    internal Iterator(nint handle, Lifetime lifetime)
    {
        _handle = handle;
        _lifetime = lifetime;
    }

    private nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    public bool Valid() => Native.rocksdb_iter_valid(Handle) != 0;

    public Iterator Seek(byte[] key)
    {
        Native.rocksdb_iter_seek(Handle, key, (nuint)key.Length);
        return this;
    }

    public Iterator SeekForPrev(byte[] key)
    {
        Native.rocksdb_iter_seek_for_prev(Handle, key, (nuint)key.Length);
        return this;
    }

    public Iterator SeekToFirst()
    {
        Native.rocksdb_iter_seek_to_first(Handle);
        return this;
    }

    public Iterator SeekToLast()
    {
        Native.rocksdb_iter_seek_to_last(Handle);
        return this;
    }

    public Iterator Next()
    {
        Native.rocksdb_iter_next(Handle);
        return this;
    }

    public Iterator Prev()
    {
        Native.rocksdb_iter_prev(Handle);
        return this;
    }

    public byte[] Key() => Copy(Native.rocksdb_iter_key(Handle, out var length), length);

    public byte[] Value() => Copy(Native.rocksdb_iter_value(Handle, out var length), length);

    public void Dispose()
    {
        var handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            Native.rocksdb_iter_destroy(handle);
            _lifetime.Leave();
        }

        GC.SuppressFinalize(this);
    }

    private static byte[] Copy(nint pointer, nuint length)
    {
        var bytes = new byte[(int)length];
        Marshal.Copy(pointer, bytes, 0, bytes.Length);
        return bytes;
    }
}
