using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Mempool;

/// <summary>
/// The node's <see cref="TransactionPool"/>, for admission's workers, the executor and the API at once.
/// </summary>
/// <remarks>
/// Under one small lock: nobody holds it for longer than a few dictionary steps, and a channel would only
/// move the waiting.
/// </remarks>
public sealed class SharedPool(MempoolLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly TransactionPool _pool = new(limits);
    private readonly long _origin = clock.GetTimestamp();

    /// <summary>Rung when a transaction becomes ready to be packed. Must not block, nor call back.</summary>
    public Action? OnReady { get; set; }

    /// <summary>Told when the pool becomes empty, or no longer is. Must not block, nor call back.</summary>
    public Action<bool>? OnPending { get; set; }

    /// <summary>Told how long a transaction took from admission to final.</summary>
    public Action<TimeSpan>? OnFinality { get; set; }

    /// <summary>A time that only runs forward; what this pool's waiting times are counted in.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_origin);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _pool.Count;
            }
        }
    }

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _pool.Bytes;
            }
        }
    }

    /// <summary>How long the one that has waited longest has; zero when none waits.</summary>
    public TimeSpan OldestWaited
    {
        get
        {
            lock (_lock)
            {
                return _pool.OldestAdmittedAt is { } since ? Elapsed - since : TimeSpan.Zero;
            }
        }
    }

    public int Ready
    {
        get
        {
            lock (_lock)
            {
                return _pool.Ready;
            }
        }
    }

    /// <inheritdoc cref="TransactionPool.Finalised"/>
    public ulong Finalised
    {
        get
        {
            lock (_lock)
            {
                return _pool.Finalised;
            }
        }
    }

    /// <inheritdoc cref="TransactionPool.Judge"/>
    public AdmitResult Judge(Transaction transaction)
    {
        lock (_lock)
        {
            return _pool.Judge(transaction, Now());
        }
    }

    /// <inheritdoc cref="TransactionPool.TryAdd"/>
    public AdmitResult TryAdd(Transaction transaction)
    {
        lock (_lock)
        {
            var verdict = _pool.TryAdd(transaction, Now(), Elapsed);
            if (verdict != AdmitResult.Added)
            {
                return verdict;
            }

            if (_pool.Count == 1)
            {
                OnPending?.Invoke(true);
            }
        }

        OnReady?.Invoke();
        return AdmitResult.Added;
    }

    /// <summary>Those whose very signature was not checked at admission.</summary>
    public IReadOnlyList<Transaction> Unknown(IReadOnlyList<Transaction> transactions)
    {
        List<Transaction> unknown = [];
        lock (_lock)
        {
            foreach (var transaction in transactions)
            {
                if (!_pool.IsKnownGood(transaction))
                {
                    unknown.Add(transaction);
                }
            }
        }

        return unknown;
    }

    public bool Contains(Digest hash)
    {
        lock (_lock)
        {
            return _pool.Contains(hash);
        }
    }

    /// <inheritdoc cref="TransactionPool.Take"/>
    public IReadOnlyList<Transaction> Take(int maxCount, int maxBytes)
    {
        lock (_lock)
        {
            return _pool.Take(maxCount, maxBytes);
        }
    }

    /// <inheritdoc cref="TransactionPool.SetAside(IReadOnlyList{Transaction})"/>
    public void SetAside(IReadOnlyList<Transaction> transactions)
    {
        lock (_lock)
        {
            _pool.SetAside(transactions);
        }
    }

    /// <inheritdoc cref="TransactionPool.ReleaseAll"/>
    public void ReleaseAll()
    {
        lock (_lock)
        {
            _pool.ReleaseAll();
        }

        OnReady?.Invoke();
    }

    /// <summary>Final transactions leave.</summary>
    public void Remove(IReadOnlyList<Transaction> final)
    {
        IReadOnlyList<TimeSpan> waited;
        lock (_lock)
        {
            var before = _pool.Count;
            waited = _pool.Remove(final, Elapsed);
            TellIfEmptied(before);
        }

        foreach (var wait in waited)
        {
            OnFinality?.Invoke(wait);
        }
    }

    /// <summary>Drops what no block may hold any more.</summary>
    public void DropExpired()
    {
        lock (_lock)
        {
            var before = _pool.Count;
            _ = _pool.DropExpired(Now());
            TellIfEmptied(before);
        }
    }

    /// <inheritdoc cref="TransactionPool.Overdue"/>
    public IReadOnlyList<Transaction> Overdue(TimeSpan patience, TimeSpan since)
    {
        lock (_lock)
        {
            return _pool.Overdue(patience, since, Elapsed);
        }
    }

    /// <inheritdoc cref="TransactionPool.WaitingFor"/>
    public IReadOnlyList<Transaction> WaitingFor(TimeSpan patience, int limit)
    {
        lock (_lock)
        {
            return _pool.WaitingFor(patience, Elapsed, limit);
        }
    }

    /// <inheritdoc cref="TransactionPool.Oldest"/>
    public IReadOnlyList<Transaction> Oldest(int limit)
    {
        lock (_lock)
        {
            return _pool.Oldest(limit);
        }
    }

    private Timestamp Now() => new(clock.GetUtcNow().ToUnixTimeMilliseconds());

    private void TellIfEmptied(int before)
    {
        if (before > 0 && _pool.Count == 0)
        {
            OnPending?.Invoke(false);
        }
    }
}
