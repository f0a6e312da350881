using System.Diagnostics;
using Ledger.Cli.Client;
using Ledger.Core;

namespace Ledger.Cli.Bench;

/// <summary>
/// Several clients that each send a batch, wait until it is final, and send the next. With a rate, latency
/// counts from when a batch was due, not from when it could be sent: a network that stalls is not flattered
/// by clients that wait.
/// </summary>
internal sealed class LoadGenerator(BenchSettings settings, TransactionFactory factory)
{
    /// <summary>While no node answers.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _watch = new();
    private readonly List<BenchResult> _results = [];
    private long _batchesTaken;

    public TimeSpan Elapsed => _watch.Elapsed;

    public long AppliedSoFar => _results.Sum(result => result.Applied);

    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        using var signing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var signer = Task.Run(() => factory.RunAsync(signing.Token), CancellationToken.None);
        _results.AddRange(Enumerable.Range(0, settings.Clients).Select(_ => new BenchResult()));
        _watch.Start();
        await Task.WhenAll(_results.Select((result, i) => RunClientAsync(i, result, cancellationToken)));
        _watch.Stop();

        await signing.CancelAsync();
        await signer.ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        BenchResult total = new();
        foreach (var result in _results)
        {
            total.Add(result);
        }

        return total;
    }

    private async Task RunClientAsync(int index, BenchResult result, CancellationToken cancellationToken)
    {
        using NodeClient client = new([settings.Nodes[index % settings.Nodes.Count]], settings.Patience);
        while (_watch.Elapsed < settings.Duration && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                var due = await NextDueAsync(cancellationToken);
                if (due >= settings.Duration)
                {
                    return;
                }

                var batch = await factory.TakeAsync(cancellationToken);
                var from = settings.RatePerSecond is null ? _watch.Elapsed : due;
                await SendAsync(client, batch, from, result, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ctrl-C ends the load; what was measured until then is still worth printing.
                return;
            }
        }
    }

    private async Task<TimeSpan> NextDueAsync(CancellationToken cancellationToken)
    {
        if (settings.RatePerSecond is not { } rate)
        {
            return TimeSpan.Zero;
        }

        var number = Interlocked.Increment(ref _batchesTaken) - 1;
        var due = TimeSpan.FromSeconds((double)number * settings.Batch / rate);
        var wait = due - _watch.Elapsed;
        if (wait > TimeSpan.Zero && due < settings.Duration)
        {
            await Task.Delay(wait, cancellationToken);
        }

        return due;
    }

    private async Task SendAsync(
        NodeClient client, IReadOnlyList<Transaction> batch, TimeSpan from, BenchResult result,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.Patience);
        try
        {
            var replies = await client.SubmitAsync(batch, wait: true, limit.Token);
            var latency = _watch.Elapsed - from;
            result.RecordApplied(latency, replies.Count(reply => reply.IsApplied));
            foreach (var reply in replies.Where(reply => !reply.IsApplied))
            {
                result.RecordFailed(reply.Reason ?? "not final in time");
            }
        }
        catch (BusyException busy)
        {
            result.RecordFailed("node full (429)", batch.Count);
            await Task.Delay(busy.RetryAfter, cancellationToken);
        }
        catch (RefusedException refused)
        {
            result.RecordFailed($"{(int)refused.Status} {refused.Reason}", batch.Count);
        }
        catch (NoNodeAnswersException)
        {
            result.RecordFailed("node not reachable", batch.Count);
            await Task.Delay(AskAgainAfter, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            result.RecordFailed("not final in time", batch.Count);
        }
    }
}
