using System.Collections.Concurrent;
using System.Diagnostics;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Tracing;

/// <summary>
/// Spans of transactions, in the trace of the request that brought them (W3C trace context): admission, and
/// from there to final, with a link to the block's own trace.
/// </summary>
internal sealed class TransactionTraces(TimeProvider clock)
{
    /// <summary>
    /// Of transactions that were admitted and are not final; more than that go without their span.
    /// </summary>
    private const int WaitingMax = 10_000;

    /// <summary>One that is not final by now has expired, or became final before it was noted here.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<Digest, (ActivityContext Request, DateTimeOffset Since)> _waiting =
        new();

    /// <summary>Around the admission of a request's transactions; null when nobody traces it.</summary>
    public static Activity? Admission(int transactions)
        => NodeTracing.Source.StartActivity("ledger.admission")?.SetTag("ledger.transactions", transactions);

    public void Admitted(Transaction transaction)
    {
        if (Activity.Current is { Recorded: true } request && _waiting.Count < WaitingMax)
        {
            _waiting.TryAdd(transaction.Hash, (request.Context, clock.GetUtcNow()));
        }
    }

    public void Finalised(FinalBlock final)
    {
        if (_waiting.IsEmpty)
        {
            return;
        }

        foreach (var transaction in final.Block.Transactions)
        {
            if (_waiting.TryRemove(transaction.Hash, out var waited))
            {
                using var span = NodeTracing.Source.StartActivity(
                    "ledger.finality", ActivityKind.Internal, waited.Request, startTime: waited.Since,
                    links: [new(BlockTraces.ContextOf(final.Block.Hash))]);
                span?.SetTag("ledger.height", (long)final.Block.Height.Value)
                    .SetTag("ledger.hash", transaction.Hash.ToString());
            }
        }

        if (_waiting.Count > WaitingMax / 2)
        {
            Forget();
        }
    }

    private void Forget()
    {
        foreach (var (hash, (_, since)) in _waiting)
        {
            if (clock.GetUtcNow() - since > Patience)
            {
                _waiting.TryRemove(hash, out _);
            }
        }
    }
}
