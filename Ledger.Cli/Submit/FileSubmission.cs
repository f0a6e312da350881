using System.Diagnostics;
using System.Threading.Channels;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Submit;

/// <summary>
/// Sends a file of operations, one transaction per line: one reader that signs, and several senders that each
/// wait for their batch to be final. The journal decides what is sent; a run that ends anywhere is resumed by
/// the next.
/// </summary>
internal sealed class FileSubmission(
    NodeClient client,
    OperationFile file,
    LineSigner signer,
    SubmitJournal journal,
    SubmitSettings settings,
    Action<string> remark)
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(200);

    /// <summary>While no node answers.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>Patience is not measured by the time of day, which may be set meanwhile.</summary>
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private readonly Channel<List<Line>> _batches = Channel.CreateBounded<List<Line>>(
        SubmitSettings.InFlight);

    public SubmitTotals Totals { get; } = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var validUntil = await EnterEpochAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> work = [ReadAsync(validUntil, stop.Token)];
        for (var i = 0; i < SubmitSettings.InFlight; i++)
        {
            work.Add(SendAllAsync(stop.Token));
        }

        try
        {
            // The first that fails stops the others; all are awaited, so that none writes to a closed
            // journal.
            await foreach (var finished in Task.WhenEach(work))
            {
                if (!finished.IsCompletedSuccessfully)
                {
                    await stop.CancelAsync();
                }
            }

            await Task.WhenAll(work.OrderBy(task => task.IsCanceled));
        }
        finally
        {
            journal.Sync();
        }
    }

    private async Task<Timestamp> EnterEpochAsync(CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        if (journal.ValidUntil is { } current)
        {
            if (current.UnixMilliseconds > (now + SubmitSettings.EpochMargin).ToUnixTimeMilliseconds())
            {
                return current;
            }

            using var one = client.OnlyCurrent();
            await new EpochSettlement(one, file, signer, journal).RunAsync(current, cancellationToken);
        }

        Timestamp next = new((now + SubmitSettings.EpochLength).ToUnixTimeMilliseconds());
        journal.BeginEpoch(next);
        return next;
    }

    private async Task ReadAsync(Timestamp validUntil, CancellationToken cancellationToken)
    {
        try
        {
            Pace pace = new(settings.RatePerSecond);
            List<Line> batch = [];
            var bytes = 0;
            await foreach (var line in file.ReadAsync(cancellationToken))
            {
                Totals.ReadUpTo(line.EndOffset);
                if (!IsToSend(line))
                {
                    continue;
                }

                var transaction = signer.Sign(
                    line.Number, journal.Lines.AttemptOf(line.Number), line.Operation!, validUntil);
                bytes += transaction.Encoded.Length;
                batch.Add(new(line.Number, transaction));
                if (batch.Count >= pace.BatchOf(SubmitSettings.BatchMax)
                    || bytes >= SubmitSettings.BatchBytesMax)
                {
                    await pace.TakeAsync(batch.Count, cancellationToken);
                    await HandOverAsync(batch, cancellationToken);
                    (batch, bytes) = ([], 0);
                }
            }

            if (batch.Count > 0)
            {
                await HandOverAsync(batch, cancellationToken);
            }
        }
        finally
        {
            _batches.Writer.Complete();
        }
    }

    private ValueTask HandOverAsync(List<Line> batch, CancellationToken cancellationToken)
    {
        journal.Reserve(batch[^1].Number);
        return _batches.Writer.WriteAsync(batch, cancellationToken);
    }

    private bool IsToSend(NumberedOperation line)
    {
        if (line.Fault is { } fault)
        {
            Totals.CountBad();
            remark($"line {line.Number}: {fault}");
            return false;
        }

        if (journal.Lines.IsApplied(line.Number))
        {
            Totals.CountAlreadyApplied();
            return false;
        }

        if (!journal.Lines.IsFailed(line.Number))
        {
            return true;
        }

        if (settings.RetryFailed && journal.Lines.AttemptOf(line.Number) < LineStates.AttemptMax)
        {
            journal.Reopened(line.Number);
            return true;
        }

        Totals.CountFailed();
        return false;
    }

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in _batches.Reader.ReadAllAsync(cancellationToken))
        {
            await SendUntilFinalAsync(batch, cancellationToken);
        }
    }

    /// <summary>
    /// The same bytes again and again: a node that has them already says so, or what became of them.
    /// </summary>
    private async Task SendUntilFinalAsync(List<Line> batch, CancellationToken cancellationToken)
    {
        var open = batch;
        var deadline = _watch.Elapsed + settings.Patience;
        while (open.Count > 0)
        {
            var before = open.Count;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(settings.Patience);
                var replies = await client.SubmitAsync(
                    [.. open.Select(l => l.Transaction)], wait: true, limit.Token);
                open = Settle(open, replies);
                if (open.Count > 0)
                {
                    // Room for some was found, not for all, or time was up for some: let a block be made
                    // first.
                    await Task.Delay(Breath, cancellationToken);
                }
            }
            catch (BusyException busy)
            {
                deadline += busy.RetryAfter;
                await Task.Delay(busy.RetryAfter, cancellationToken);
            }
            catch (NoNodeAnswersException) when (_watch.Elapsed < deadline)
            {
                await Task.Delay(AskAgainAfter, cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The deadline below says what is to be said.
            }

            deadline = open.Count < before ? _watch.Elapsed + settings.Patience : deadline;
            if (open.Count > 0 && _watch.Elapsed >= deadline)
            {
                throw new CliException(
                    $"line {open[0].Number} and others are not final after "
                    + $"{settings.Patience.TotalSeconds:0} s",
                    "look with 'ledger status'; run the same command again to go on from here",
                    ExitCode.TimedOut);
            }
        }
    }

    private List<Line> Settle(List<Line> sent, IReadOnlyList<TransactionReply> replies)
    {
        if (replies.Count != sent.Count)
        {
            throw new CliException(
                $"{client.Current} answered for {replies.Count} of {sent.Count} transactions",
                "check that the node's version is this tool's; run the same command again to go on from "
                + "here");
        }

        List<Line> open = [];
        for (var i = 0; i < sent.Count; i++)
        {
            var (line, reply) = (sent[i], replies[i]);
            if (reply.IsApplied)
            {
                journal.Applied(line.Number);
                Totals.CountApplied();
            }
            else if (reply.IsForLater)
            {
                open.Add(line);
            }
            else if (reply.IsFinal)
            {
                journal.Failed(line.Number);
                Refuse(line, reply);
            }
            else if (reply.Status == Replies.Rejected)
            {
                Refuse(line, reply);
            }
            else
            {
                open.Add(line);
            }
        }

        return open;
    }

    private void Refuse(Line line, TransactionReply reply)
    {
        Totals.CountFailed();
        remark($"line {line.Number}: failed: {reply.Reason}");
    }

    private readonly record struct Line(long Number, Transaction Transaction);
}
