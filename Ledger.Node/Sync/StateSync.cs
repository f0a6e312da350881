using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Node.Transport;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Sync;

/// <summary>
/// Builds the ledger of a far-away block from chunks that several peers send at once. Each chunk is checked
/// by itself; who sends a false one is thrown out; what is there already, also from before a crash, is not
/// fetched again.
/// </summary>
internal sealed partial class StateSync(
    PeerNetwork network, SnapshotClient client, Genesis genesis, ValidatorSet validators, string dataFolder,
    Height head,
    TimeProvider clock, ILogger<StateSync> logger)
{
    /// <summary>
    /// Chunks that one peer is asked for at a time, so that neither side waits for the other.
    /// </summary>
    private const int AtATime = 2;

    private const int TriesMax = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private long _bytes;

    /// <summary>How far it is, for people: chunks there, and all.</summary>
    public (int Done, int All) Progress { get; private set; }

    /// <summary>Runs until the ledger is whole and in place, or nobody offers a snapshot any more.</summary>
    /// <param name="beforeExchange">Called once all is there: closes the ledger that is replaced.</param>
    /// <returns>False when it was given up; what has been fetched stays for the next time.</returns>
    public async Task<bool> RunAsync(Action beforeExchange, CancellationToken stoppingToken)
    {
        for (var attempt = 0; attempt < TriesMax; attempt++)
        {
            var offers = await client.OffersAsync(head, stoppingToken).ConfigureAwait(false);
            foreach (var group in GroupsOf(offers))
            {
                if (await TryAsync(group, beforeExchange, stoppingToken).ConfigureAwait(false))
                {
                    return true;
                }
            }

            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Peers with the same chunks, the larger group first, and of two as large the higher.</summary>
    private IEnumerable<List<(ValidatorIndex Peer, SnapshotOffer Offer)>> GroupsOf(
        IReadOnlyList<(ValidatorIndex Peer, SnapshotOffer Offer)> offers)
        => offers.Where(offer => offer.Offer.Height > head)
            .GroupBy(offer => (offer.Offer.Height, offer.Offer.Content))
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key.Height.Value)
            .Select(group => group.ToList());

    private async Task<bool> TryAsync(
        List<(ValidatorIndex Peer, SnapshotOffer Offer)> group, Action beforeExchange,
        CancellationToken stoppingToken)
    {
        SnapshotManifest? manifest = null;
        foreach (var (peer, offer) in group)
        {
            manifest ??= await FetchManifestAsync(peer, offer, stoppingToken).ConfigureAwait(false);
        }

        if (manifest is null)
        {
            return false;
        }

        using var restore = SnapshotRestore.Begin(dataFolder, genesis, manifest);
        Progress = (restore.DoneCount, manifest.ChunkCount);
        LogBegins(logger, manifest.Height, manifest.ChunkCount, manifest.ChunkBytes, restore.DoneCount,
            group.Count);
        var since = clock.GetTimestamp();
        List<ValidatorIndex> serving = [.. group.Select(peer => peer.Peer)];
        while (restore.DoneCount < manifest.ChunkCount && serving.Count > 0)
        {
            // Who fails a chunk, or keeps it until time is up, is asked for no more: the others take over
            // what is left.
            ConcurrentQueue<int> wanted = new(
                Enumerable.Range(0, manifest.ChunkCount).Where(i => !restore.IsDone(i)));
            var served = await Task.WhenAll(serving.Select(async peer => (await Task.WhenAll(
                Enumerable.Range(0, AtATime)
                    .Select(_ => FetchChunksAsync(peer, restore, wanted, stoppingToken)))
                .ConfigureAwait(false)).All(all => all))).ConfigureAwait(false);
            serving = [.. serving.Where((_, i) => served[i])];
        }

        if (restore.DoneCount < manifest.ChunkCount)
        {
            return false;
        }

        beforeExchange();
        restore.Finish();
        LogEnds(logger, manifest.Height, _bytes, (long)clock.GetElapsedTime(since).TotalMilliseconds);
        return true;
    }

    private async Task<SnapshotManifest?> FetchManifestAsync(
        ValidatorIndex peer, SnapshotOffer offer, CancellationToken stoppingToken)
    {
        var bytes = new byte[offer.ManifestBytes];
        for (var offset = 0; offset < bytes.Length;)
        {
            var piece = await client.PieceAsync(
                peer, SnapshotQuestion.Manifest, offer.Height, offset, stoppingToken)
                .ConfigureAwait(false);
            if (piece is not { Length: > 0 } some)
            {
                return null;
            }

            // Whole pieces only: whoever sends a byte at a time holds everybody up.
            if (some.Length != Math.Min(SnapshotLimits.ChunkBytesMax, bytes.Length - offset))
            {
                ThrowOut(peer, "bad_manifest", "it comes in pieces of another size");
                return null;
            }

            some.CopyTo(bytes.AsMemory(offset));
            offset += some.Length;
        }

        if (SnapshotManifest.TryDecode(bytes, out var manifest, out var fault)
            && (fault = manifest.FaultIn(genesis)
                ?? (manifest.Height != offer.Height || manifest.ContentHash() != offer.Content
                    ? "it is not the one that was offered"
                    : null)) is null)
        {
            return manifest;
        }

        ThrowOut(peer, "bad_manifest", fault);
        return null;
    }

    /// <returns>False when the peer did not serve what it offered.</returns>
    private async Task<bool> FetchChunksAsync(
        ValidatorIndex peer, SnapshotRestore restore, ConcurrentQueue<int> wanted,
        CancellationToken stoppingToken)
    {
        var manifest = restore.Manifest;
        while (wanted.TryDequeue(out var index))
        {
            var piece = await client.PieceAsync(
                peer, SnapshotQuestion.Chunk, manifest.Height, index, stoppingToken)
                .ConfigureAwait(false);
            if (piece is not { Length: > 0 } chunk)
            {
                // Another peer gets it; this one is too slow, gone, or has made a newer snapshot meanwhile.
                wanted.Enqueue(index);
                return false;
            }

            if (restore.Accept(index, chunk) is { } fault)
            {
                wanted.Enqueue(index);
                ThrowOut(peer, "bad_chunk", $"chunk {index}: {fault}");
                return false;
            }

            Interlocked.Add(ref _bytes, chunk.Length);
            Progress = (restore.DoneCount, manifest.ChunkCount);
        }

        return true;
    }

    private void ThrowOut(ValidatorIndex peer, string reason, string? fault)
    {
        LogThrownOut(logger, validators[peer].Name, fault ?? "");
        network.Punish(peer, reason);
    }

    [LoggerMessage(LogLevel.Information,
        "State sync to block {Height}: {Chunks} chunks, {Bytes} bytes, {Done} of them here already, from "
        + "{Peers} peers")]
    private static partial void LogBegins(
        ILogger logger, Height height, int chunks, long bytes, int done, int peers);

    [LoggerMessage(
        LogLevel.Information, "State sync done: block {Height}, {Bytes} bytes fetched in {Elapsed} ms")]
    private static partial void LogEnds(ILogger logger, Height height, long bytes, long elapsed);

    [LoggerMessage(LogLevel.Warning, "{Validator} served a snapshot that is false: {Fault}")]
    private static partial void LogThrownOut(ILogger logger, string validator, string fault);
}
