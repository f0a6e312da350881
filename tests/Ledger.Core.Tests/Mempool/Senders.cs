using Ledger.Crypto;

namespace Ledger.Core.Tests.Mempool;

/// <summary>
/// Transactions of a few senders, each with a nonce of its own, and the clock that they are measured by.
/// </summary>
internal sealed class Senders
{
    public static readonly Timestamp Now = new(1_000_000);

    private ulong _nonce;

    public static SigningKey Alice { get; } = Chain.Key(101);

    public static SigningKey Bob { get; } = Chain.Key(102);

    public static SigningKey Carol { get; } = Chain.Key(103);

    /// <summary>A transaction with a value of so many bytes, valid for so long from now.</summary>
    public Transaction From(SigningKey sender, int valueBytes = 0, TimeSpan? validFor = null)
        => Transaction.Sign(
        new(
            "test", sender.PublicKey, Now.Plus(validFor ?? TimeSpan.FromHours(1)), ++_nonce,
            [new Operation.Put("n", "k", new byte[valueBytes])]),
        sender);

    public Transaction[] From(SigningKey sender, params int[] valueBytes)
        => [.. valueBytes.Select(bytes => From(sender, bytes))];

    /// <summary>So many small ones.</summary>
    public Transaction[] Some(int count, SigningKey sender)
        => [.. Enumerable.Range(0, count).Select(_ => From(sender))];
}

/// <summary>The words that these tests use of a pool.</summary>
internal static class PoolVocabulary
{
    extension(TransactionPool pool)
    {
        public AdmitResult Offer(Transaction transaction, double atSeconds = 0)
            => pool.TryAdd(transaction, Senders.Now, TimeSpan.FromSeconds(atSeconds));

        /// <summary>All are taken in, in this order.</summary>
        public void Fill(params Transaction[] transactions)
        {
            foreach (var transaction in transactions)
            {
                Assert.Equal(AdmitResult.Added, pool.Offer(transaction));
            }
        }

        public IReadOnlyList<Transaction> TakeAll() => pool.Take(int.MaxValue, int.MaxValue);

        public IReadOnlyList<TimeSpan> Finalise(params Transaction[] transactions)
            => pool.Remove(transactions, TimeSpan.Zero);

        /// <summary>What is overdue for a patience of ten seconds, in a view entered at some time.</summary>
        public IReadOnlyList<Transaction> OverdueAt(double atSeconds, double viewSinceSeconds = 0)
            => pool.Overdue(
                TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(viewSinceSeconds), TimeSpan.FromSeconds(
                    atSeconds));
    }
}
