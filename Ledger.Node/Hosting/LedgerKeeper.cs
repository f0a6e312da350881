using System.Threading.Channels;
using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Sync;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>
/// Keeps snapshots of the ledger for others and lets old blocks go, beside everything else and in its own
/// time. A snapshot that is due while the last one is still being made is left out.
/// </summary>
internal sealed partial class LedgerKeeper(
    Genesis genesis, LedgerStore store, SnapshotShelf shelf, ulong retentionBlocks,
    ILogger<LedgerKeeper> logger) : IDisposable
{
    private readonly Channel<LedgerSnapshot> _due = Channel.CreateBounded<LedgerSnapshot>(
        new BoundedChannelOptions(1) { SingleReader = true });

    /// <summary>
    /// Takes hold of the state as it is now. Called by the executor while a block that is due is the head.
    /// </summary>
    public void Take()
    {
        var state = store.Snapshot();
        if (!_due.Writer.TryWrite(state))
        {
            LogLeftOut(logger, state.Head!.Height);
            state.Dispose();
        }
    }

    /// <summary>
    /// Works until it is told to stop, each time on a thread of its own: it reads and writes much.
    /// </summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var state in _due.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                await DedicatedThread.Run("snapshot", () =>
                {
                    using (state)
                    {
                        Keep(state, stoppingToken);
                    }

                    Prune();
                }).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; what was begun is made another time.
        }
    }

    public void Dispose()
    {
        while (_due.Reader.TryRead(out var state))
        {
            state.Dispose();
        }
    }

    /// <summary>
    /// A disk that does not take a snapshot must not stop the validator: there will be another one.
    /// </summary>
    private void Keep(LedgerSnapshot state, CancellationToken stoppingToken)
    {
        var height = state.Head!.Height;
        if (shelf.Holds(height))
        {
            return;
        }

        try
        {
            var started = TimeProvider.System.GetTimestamp();
            var manifest = new SnapshotWriter(genesis, state, stoppingToken).Write(
                shelf.PathOf(height), () => FinalityReader.Read(genesis, store, height, height));
            shelf.Add(height);
            LogKept(
                logger, height, manifest.ChunkCount, manifest.ChunkBytes,
                (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (SnapshotException failure)
        {
            LogNotKept(logger, height, failure.Message);
        }
    }

    /// <summary>
    /// Never what lies above a snapshot on the shelf: who begins with it needs the blocks from there on.
    /// </summary>
    private void Prune()
    {
        var head = store.Head!.Height.Value;
        if (retentionBlocks == 0 || head <= retentionBlocks || shelf.Oldest is not { } oldest)
        {
            return;
        }

        Height below = new(Math.Min(head - retentionBlocks + 1, oldest.Value + 1));
        if (below > store.Kept.Blocks)
        {
            store.Prune(below);
            LogPruned(logger, below);
        }
    }

    [LoggerMessage(LogLevel.Information,
        "Snapshot of block {Height}: {Chunks} chunks, {Bytes} bytes, made in {Elapsed} ms")]
    private static partial void LogKept(ILogger logger, Height height, int chunks, long bytes, long elapsed);

    [LoggerMessage(LogLevel.Warning, "No snapshot of block {Height}: {Reason}")]
    private static partial void LogNotKept(ILogger logger, Height height, string reason);

    [LoggerMessage(LogLevel.Warning, "No snapshot of block {Height}: the one before it is still being made")]
    private static partial void LogLeftOut(ILogger logger, Height height);

    [LoggerMessage(LogLevel.Information, "Blocks below {Height} were pruned")]
    private static partial void LogPruned(ILogger logger, Height height);
}
