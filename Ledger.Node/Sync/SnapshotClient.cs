using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Node.Transport;

namespace Ledger.Node.Sync;

/// <summary>Puts questions about snapshots to peers and pairs their answers with them.</summary>
internal sealed class SnapshotClient(PeerNetwork network, TimeProvider clock)
{
    private static readonly TimeSpan OfferTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<
        ulong, (ValidatorIndex Peer, TaskCompletionSource<SnapshotResponse> Answer)> _asked = new();
    private long _nextId;

    /// <summary>How long a piece may be on its way: one is some megabytes at most.</summary>
    public TimeSpan PieceTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public ValueTask<FrameVerdict> OnResponseAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!SnapshotResponse.TryDecode(payload, out var response))
        {
            return ValueTask.FromResult(FrameVerdict.Disconnect("malformed_response"));
        }

        return ValueTask.FromResult(
            _asked.TryGetValue(response.Id, out var asked) && asked.Peer == from
            && asked.Answer.TrySetResult(response)
                ? FrameVerdict.Ok
                : FrameVerdict.Drop("unasked_response"));
    }

    /// <summary>What all connected peers have; those that do not answer in time have nothing.</summary>
    public async Task<IReadOnlyList<(ValidatorIndex Peer, SnapshotOffer Offer)>> OffersAsync(
        Height head, CancellationToken cancellationToken)
    {
        var peers = network.Connected;
        var answers = await Task.WhenAll(peers.Select(
            peer => AskAsync(peer, SnapshotQuestion.Offer, head, 0, OfferTimeout, cancellationToken)))
                .ConfigureAwait(false);
        return [.. peers.Zip(answers).Where(pair => pair.Second?.Offer is not null)
            .Select(pair => (pair.First, pair.Second!.Offer!))];
    }

    /// <returns>Null when no answer came; empty when the peer does not have it.</returns>
    public async Task<ReadOnlyMemory<byte>?> PieceAsync(
        ValidatorIndex peer, SnapshotQuestion question, Height height, int number,
        CancellationToken cancellationToken)
        => (await AskAsync(peer, question, height, number, PieceTimeout, cancellationToken)
            .ConfigureAwait(false))?.Bytes;

    private async Task<SnapshotResponse?> AskAsync(
        ValidatorIndex peer, SnapshotQuestion question, Height height, int number, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var id = (ulong)Interlocked.Increment(ref _nextId);
        var answer = new TaskCompletionSource<SnapshotResponse>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = (peer, answer);
        try
        {
            network.Send(
                FrameKind.SnapshotRequest, new SnapshotRequest(id, question, height, number).Encode(), peer);
            return await answer.Task.WaitAsync(timeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }
}

/// <summary>Which way to the head is cheaper, by what peers say they have.</summary>
internal static class SyncChoice
{
    /// <summary>Fewer blocks than this are always fetched as blocks.</summary>
    public const ulong BlocksLeast = 128;

    /// <summary>
    /// A block's bytes cost more than a snapshot's: they must be checked, executed and written one after the
    /// other.
    /// </summary>
    private const long BlockByteCost = 2;

    /// <summary>
    /// A snapshot, when no peer has the next block any more, or when more peers than may lie say that it
    /// takes fewer bytes than twice those of the blocks it spares, and those are at least
    /// <see cref="BlocksLeast"/>. None while not more than may lie say that they are ahead: whoever goes for
    /// a snapshot leaves the network for a while, and one liar could send away everyone.
    /// </summary>
    public static bool PrefersSnapshot(Height head, IReadOnlyList<SnapshotOffer> offers, int liarsMax)
    {
        var useful = offers.Where(offer => offer.Height > head).ToList();
        if (useful.Count == 0 || offers.Count(offer => offer.Head > head) <= liarsMax)
        {
            return false;
        }

        var hasBlocks = offers.Any(offer => offer.LowestBlock.Value <= head.Value + 1 && offer.Head > head);
        return !hasBlocks || useful.Count(offer => offer.Height.Value - head.Value >= BlocksLeast
            && offer.Bytes < BlockByteCost * offer.BlockBytes) > liarsMax;
    }
}
