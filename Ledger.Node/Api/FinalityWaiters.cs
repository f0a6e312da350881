using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Api;

/// <param name="Height">The block that holds the transaction.</param>
/// <param name="Index">Its place in it.</param>
/// <param name="Receipt">What became of it.</param>
public sealed record FinalOutcome(Height Height, int Index, Receipt Receipt);

/// <summary>Clients that wait for a transaction to become final. Each waiter belongs to a request and goes with it.</summary>
public sealed class FinalityWaiters
{
    private readonly ConcurrentDictionary<Digest, TaskCompletionSource<FinalOutcome>> _waiting = new();
    private TaskCompletionSource _newHead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next final block, for whoever follows the chain.</summary>
    public Task NewHead => Volatile.Read(ref _newHead).Task;

    /// <summary>Asked before the store is, so that a transaction that becomes final in between is not missed.</summary>
    public Task<FinalOutcome> WaitFor(Digest transaction)
        => _waiting.GetOrAdd(
            transaction, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The request that waited is over.</summary>
    public void Forget(Digest transaction) => _waiting.TryRemove(transaction, out _);

    /// <summary>A block and everything in it is durable.</summary>
    public void OnFinal(FinalBlock final)
    {
        var transactions = final.Block.Transactions;
        for (var i = 0; i < transactions.Count; i++)
        {
            if (_waiting.TryRemove(transactions[i].Hash, out var waiter))
            {
                waiter.TrySetResult(new(final.Block.Height, i, final.Receipts[i]));
            }
        }

        Interlocked.Exchange(ref _newHead, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
