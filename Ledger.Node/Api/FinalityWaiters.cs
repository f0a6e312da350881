using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Api;

/// <param name="Height">The block that holds the transaction.</param>
/// <param name="Index">Its place in it.</param>
/// <param name="Receipt">What became of it.</param>
public sealed record FinalOutcome(Height Height, int Index, Receipt Receipt);

/// <summary>
/// Requests that wait for transactions to become final. Under one lock, held for a request's or a block's few
/// dictionary steps: requests come and go on the API's threads, blocks on the executor's.
/// </summary>
public sealed class FinalityWaiters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, List<(FinalityWait Wait, int Index)>> _waiting = [];
    private TaskCompletionSource _newHead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next final block, for whoever follows the chain.</summary>
    public Task NewHead => Volatile.Read(ref _newHead).Task;

    /// <summary>Transactions that somebody waits for.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Asked before the mempool is, so that what becomes final in between is not missed.</summary>
    /// <param name="transactions">Null where there is nothing to wait for.</param>
    /// <returns>To be disposed when the request ends.</returns>
    public FinalityWait WaitFor(IReadOnlyList<Digest?> transactions)
    {
        FinalityWait wait = new(this, transactions);
        lock (_lock)
        {
            foreach (var (hash, index) in wait.Wanted)
            {
                if (!_waiting.TryGetValue(hash, out var waits))
                {
                    _waiting[hash] = waits = new(1);
                }

                waits.Add((wait, index));
            }
        }

        return wait;
    }

    /// <summary>A block and everything in it is durable, and has left the mempool.</summary>
    public void OnFinal(FinalBlock final)
    {
        var transactions = final.Block.Transactions;
        lock (_lock)
        {
            for (var i = 0; _waiting.Count > 0 && i < transactions.Count; i++)
            {
                if (_waiting.Remove(transactions[i].Hash, out var waits))
                {
                    foreach (var (wait, index) in waits)
                    {
                        wait.Set(index, new(final.Block.Height, i, final.Receipts[i]));
                    }
                }
            }
        }

        Interlocked.Exchange(ref _newHead, new(TaskCreationOptions.RunContinuationsAsynchronously))
            .TrySetResult();
    }

    internal void Forget(FinalityWait wait)
    {
        lock (_lock)
        {
            foreach (var (hash, _) in wait.Wanted)
            {
                if (_waiting.TryGetValue(hash, out var waits))
                {
                    waits.RemoveAll(entry => entry.Wait == wait);
                    if (waits.Count == 0)
                    {
                        _waiting.Remove(hash);
                    }
                }
            }
        }
    }
}

/// <summary>One request's wait for several transactions; over when all are final.</summary>
public sealed class FinalityWait : IDisposable
{
    private readonly FinalityWaiters _waiters;
    private readonly Dictionary<Digest, int> _wanted;
    private readonly int[] _firsts;
    private readonly FinalOutcome?[] _outcomes;
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;

    internal FinalityWait(FinalityWaiters waiters, IReadOnlyList<Digest?> transactions)
    {
        _waiters = waiters;
        _wanted = new(transactions.Count);
        _firsts = new int[transactions.Count];
        _outcomes = new FinalOutcome?[transactions.Count];
        for (var i = 0; i < transactions.Count; i++)
        {
            _firsts[i] = transactions[i] is not { } hash || _wanted.TryAdd(hash, i) ? i : _wanted[hash];
        }

        _open = _wanted.Count;
        if (_open == 0)
        {
            _all.SetResult();
        }
    }

    public Task All => _all.Task;

    /// <summary>
    /// Each transaction once, with the first of its places: a request may name one as often as it likes, and
    /// all that others wait for would be searched that often.
    /// </summary>
    internal IReadOnlyDictionary<Digest, int> Wanted => _wanted;

    /// <summary>What became of a transaction; null while it is not final.</summary>
    public FinalOutcome? this[int index] => Volatile.Read(ref _outcomes[_firsts[index]]);

    /// <summary>The outcome that was looked up, or that a block brought; the first one stands.</summary>
    public void Set(int index, FinalOutcome outcome)
    {
        if (Interlocked.CompareExchange(ref _outcomes[_firsts[index]], outcome, null) is null
            && Interlocked.Decrement(ref _open) == 0)
        {
            _all.TrySetResult();
        }
    }

    public void Dispose() => _waiters.Forget(this);
}
