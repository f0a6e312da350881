namespace RocksDbSharp;

public class Snapshot : IDisposable
{
    private readonly Lifetime _lifetime;
    private readonly nint _db;
    private nint _handle;

    internal Snapshot(nint db, nint handle, Lifetime lifetime)
    {
        _db = db;
        _handle = handle;
        _lifetime = lifetime;
    }

    public nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    public void Dispose()
    {
        var handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            Native.rocksdb_release_snapshot(_db, handle);
            _lifetime.Leave();
        }

        GC.SuppressFinalize(this);
    }
}

public class Checkpoint : IDisposable
{
    private readonly Lifetime _lifetime;
    private nint _handle;

    internal Checkpoint(nint handle, Lifetime lifetime)
    {
        _handle = handle;
        _lifetime = lifetime;
    }

    public void Save(string checkpointDir, ulong logSizeForFlush = 0)
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        Native.rocksdb_checkpoint_create(_handle, Native.Path(checkpointDir), logSizeForFlush, out var error);
        Native.Check(error);
    }

    public void Dispose()
    {
        var handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            Native.rocksdb_checkpoint_object_destroy(handle);
            _lifetime.Leave();
        }

        GC.SuppressFinalize(this);
    }
}
