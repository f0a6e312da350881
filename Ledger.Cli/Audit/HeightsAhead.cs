using System.Runtime.CompilerServices;
using Ledger.Core;

namespace Ledger.Cli.Audit;

/// <summary>
/// Does the same for each height of a range on all cores, a bounded number of heights ahead of whoever takes
/// the results in their order.
/// </summary>
internal static class HeightsAhead
{
    private const int Ahead = 32;

    public static async IAsyncEnumerable<T> ReadAsync<T>(
        Height from, Height to, Func<Height, T> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Queue<Task<T>> running = [];
        try
        {
            for (var next = from; next <= to || running.Count > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (; next <= to && running.Count < Ahead; next = next.Next)
                {
                    var height = next;
                    running.Enqueue(Task.Run(() => read(height), CancellationToken.None));
                }

                yield return await running.Dequeue();
            }
        }
        finally
        {
            // Nothing may still read when the archive is closed.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
