using System.Diagnostics;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Benchmarks;

/// <summary>
/// How many signatures of transactions all cores together check in a second: what audits are measured
/// against.
/// </summary>
internal static class SignatureSpeed
{
    private const int Transactions = 2_000;

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(5);

    public static void Run()
    {
        using var key = SigningKey.Generate();
        var transactions = new Transaction[Transactions];
        for (var i = 0; i < transactions.Length; i++)
        {
            transactions[i] = Transaction.Sign(
                new("speed", key.PublicKey, new(1_000), (ulong)i,
                    [new Operation.Put("large", $"key-{i}", new byte[64])]), key);
        }

        long count = 0;
        var started = Stopwatch.GetTimestamp();
        Parallel.For(0, Environment.ProcessorCount, _ =>
        {
            for (var i = 0; Stopwatch.GetElapsedTime(started) < Span; i = (i + 1) % transactions.Length)
            {
                Invariant.Holds(transactions[i].SignatureIsValid(), "what was signed is valid");
                Interlocked.Increment(ref count);
            }
        });
        var rate = count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"{rate:F0} signatures a second on {Environment.ProcessorCount} cores");
    }
}
