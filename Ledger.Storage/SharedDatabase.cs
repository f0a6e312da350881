using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// A database that is closed only when nobody is inside it: RocksDB aborts the process, or worse, when it is
/// closed before its snapshots, iterators and running reads. Whoever leaves last closes.
/// </summary>
internal sealed class SharedDatabase(RocksDb database) : IDisposable
{
    /// <summary>Leases given out, and one for the owner until it disposes.</summary>
    private int _users = 1;
    private int _disposed;

    /// <summary>Enters the database for as long as the lease is held.</summary>
    /// <exception cref="ObjectDisposedException">The owner has closed it.</exception>
    public Lease Use()
    {
        var users = Volatile.Read(ref _users);
        while (Volatile.Read(ref _disposed) == 0 && users > 0)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return new(this);
            }

            users = seen;
        }

        throw new ObjectDisposedException(nameof(LedgerStore), "The ledger's store is closed.");
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Leave();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            database.Dispose();
        }
    }

    /// <summary>The right to be inside; disposed once by whoever took it.</summary>
    internal readonly struct Lease(SharedDatabase owner) : IDisposable
    {
        public void Dispose() => owner.Leave();
    }
}
