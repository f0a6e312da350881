using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Api;

/// <param name="Height">The block that holds the transaction.</param>
/// <param name="Index">Its place in it.</param>
/// <param name="Receipt">What became of it.</param>
public sealed record FinalOutcome(Height Height, int Index, Receipt Receipt);

/// <summary>
/// Clients that wait for a transaction to become final. Several may wait for the same one, and each leaves in its own
/// time: what they share is forgotten with the last of them.
/// </summary>
/// <remarks>Under one small lock: requests and the executor look in, none for longer than a dictionary step.</remarks>
public sealed class FinalityWaiters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, Waiter> _waiting = [];
    private TaskCompletionSource _newHead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next final block, for whoever follows the chain.</summary>
    public Task NewHead => Volatile.Read(ref _newHead).Task;

    /// <summary>Asked before the store is, so that a transaction that becomes final in between is not missed.</summary>
    public Task<FinalOutcome> WaitFor(Digest transaction)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(transaction, out var waiter))
            {
                _waiting[transaction] = waiter = new();
            }

            waiter.Requests++;
            return waiter.Outcome.Task;
        }
    }

    /// <summary>One request that waited is over.</summary>
    public void Forget(Digest transaction)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(transaction, out var waiter) && --waiter.Requests == 0)
            {
                _waiting.Remove(transaction);
            }
        }
    }

    /// <summary>A block and everything in it is durable.</summary>
    public void OnFinal(FinalBlock final)
    {
        var transactions = final.Block.Transactions;
        for (var i = 0; i < transactions.Count; i++)
        {
            if (Take(transactions[i].Hash) is { } waiter)
            {
                waiter.Outcome.TrySetResult(new(final.Block.Height, i, final.Receipts[i]));
            }
        }

        Interlocked.Exchange(ref _newHead, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private Waiter? Take(Digest transaction)
    {
        lock (_lock)
        {
            return _waiting.Remove(transaction, out var waiter) ? waiter : null;
        }
    }

    private sealed class Waiter
    {
        public TaskCompletionSource<FinalOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Requests { get; set; }
    }
}
