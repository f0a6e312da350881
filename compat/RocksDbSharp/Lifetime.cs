namespace RocksDbSharp;

/// <summary>
/// Counts who is inside a database, so that it is closed only when its snapshots and iterators are gone:
/// librocksdb aborts the process otherwise. The owner's own stay counts as one.
/// </summary>
internal sealed class Lifetime(nint db, IReadOnlyList<nint> families)
{
    private readonly Lock _lock = new();
    private int _users = 1;
    private volatile bool _closing;

    public bool IsClosing => _closing;

    public nint Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(RocksDb));
            _users++;
            return db;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_users > 0)
            {
                return;
            }
        }

        foreach (var family in families)
        {
            Native.rocksdb_column_family_handle_destroy(family);
        }

        Native.rocksdb_close(db);
    }

    /// <summary>The owner leaves; later visitors are refused, those inside may finish.</summary>
    public void Close()
    {
        lock (_lock)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
        }

        Leave();
    }
}
