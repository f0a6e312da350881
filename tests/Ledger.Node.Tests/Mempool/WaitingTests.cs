using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Tests.Mempool;

/// <summary>What a Raft follower sends to its leader again.</summary>
public sealed class WaitingTests
{
    private static readonly Timestamp Now = new(1_000_000);

    [Fact]
    public void Only_what_has_waited_for_longer_is_named_oldest_first_and_up_to_the_limit()
    {
        using var key = SigningKey.Generate();
        TransactionPool pool = new(MempoolLimits.Default);
        var transactions = Enumerable.Range(0, 4).Select(i => Transaction.Sign(
            new("chain", key.PublicKey, Now.Plus(TimeSpan.FromMinutes(1)), (ulong)i,
                [new Operation.Put("n", "k", default)]),
            key)).ToArray();
        for (var i = 0; i < transactions.Length; i++)
        {
            Assert.Equal(AdmitResult.Added, pool.TryAdd(transactions[i], Now, TimeSpan.FromSeconds(i)));
        }

        var patience = TimeSpan.FromSeconds(1);
        Assert.Equal(transactions[..2], pool.WaitingFor(patience, TimeSpan.FromSeconds(3), limit: 10));
        Assert.Equal(transactions[..1], pool.WaitingFor(patience, TimeSpan.FromSeconds(3), limit: 1));
        pool.Remove(transactions[..1], TimeSpan.FromSeconds(3));
        Assert.Equal(transactions[1..2], pool.WaitingFor(patience, TimeSpan.FromSeconds(3), limit: 10));
    }
}
