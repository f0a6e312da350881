using System.Diagnostics;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Node.Tests.Api;

/// <summary>Who waits for what, however it is asked for.</summary>
public sealed class FinalityWaitersTests
{
    private static readonly Digest Hash = Sha256.Hash([1]);

    private readonly FinalityWaiters _waiters = new();

    [Fact]
    public void Who_names_a_transaction_more_than_once_is_answered_in_each_place()
    {
        FinalOutcome outcome = new(new(1), 0, new(Hash, FailureReason.None, 0));
        using var wait = _waiters.WaitFor([Hash, null, Hash, Sha256.Hash([2]), Hash]);

        wait.Set(2, outcome);
        wait.Set(0, outcome);
        Assert.False(wait.All.IsCompleted);
        wait.Set(3, outcome);

        Assert.True(wait.All.IsCompleted);
        Assert.Equal([outcome, null, outcome, outcome, outcome], Enumerable.Range(0, 5).Select(i => wait[i]));
        Assert.Equal(2, _waiters.Count);
    }

    /// <summary>
    /// Blocks are told under the same lock: as many requests as there are connections, each of which names
    /// one transaction as often as a request may, must not hold it for long.
    /// </summary>
    [Fact]
    public void Who_names_a_transaction_often_holds_up_nobody()
    {
        var watch = Stopwatch.StartNew();
        var often = Enumerable.Repeat<Digest?>(Hash, TransactionBodies.Max).ToArray();
        FinalityWait[] waits = [.. Enumerable.Range(0, 512).Select(_ => _waiters.WaitFor(often))];
        Array.ForEach(waits, wait => wait.Dispose());

        Assert.Equal(0, _waiters.Count);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
