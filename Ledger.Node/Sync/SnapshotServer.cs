using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Sync;

/// <summary>Answers peers' questions for snapshots, from the files that this node keeps.</summary>
internal sealed class SnapshotServer(
    PeerNetwork network, LedgerStore store, SnapshotShelf shelf, Func<View> view)
{
    /// <summary>Blocks whose sizes are looked at to say about how large all are.</summary>
    private const int Samples = 16;

    public ValueTask<FrameVerdict> OnRequestAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!SnapshotRequest.TryDecode(payload, out var request))
        {
            return ValueTask.FromResult(FrameVerdict.Disconnect("malformed_request"));
        }

        network.Send(FrameKind.SnapshotResponse, Answer(request).Encode(), from);
        return ValueTask.FromResult(FrameVerdict.Ok);
    }

    private SnapshotResponse Answer(SnapshotRequest request) => request.Question switch
    {
        SnapshotQuestion.Offer => new(request.Id, Offer(request.Height), ReadOnlyMemory<byte>.Empty),
        SnapshotQuestion.Manifest => new(
            request.Id, null, shelf.Read(
                request.Height, file => Piece(file.EncodedManifest, request.Number))),
        _ => new(
            request.Id, null, shelf.Read(
                request.Height,
                file => request.Number < file.Manifest.ChunkCount
                ? file.ReadChunk(request.Number) : ReadOnlyMemory<byte>.Empty)),
    };

    private SnapshotOffer Offer(Height head)
    {
        var ours = store.Head!.Height;
        var lowest = store.Kept.Blocks;
        return shelf.Latest is { } latest
            ? new(
                latest.Height, latest.Content, latest.ManifestBytes, latest.Bytes, BlockBytes(
                    head.Next, latest.Height),
                lowest, ours, view())
            : new(Height.Genesis, Digest.Zero, 0, 0, 0, lowest, ours, view());
    }

    private static ReadOnlyMemory<byte> Piece(ReadOnlyMemory<byte> manifest, int offset)
        => offset < manifest.Length
            ? manifest.Slice(offset, Math.Min(SnapshotLimits.ChunkBytesMax, manifest.Length - offset))
            : ReadOnlyMemory<byte>.Empty;

    private long BlockBytes(Height from, Height to)
    {
        var lowest = Math.Max(from.Value, store.Kept.Blocks.Value);
        if (lowest > to.Value)
        {
            return 0;
        }

        var count = to.Value - lowest + 1;
        var looked = Math.Min(count, Samples);
        var bytes = 0L;
        for (ulong i = 0; i < looked; i++)
        {
            bytes += store.ReadBlockBytes(new(lowest + (i * (count / looked))))?.Length ?? 0;
        }

        return (long)((double)bytes / looked * (to.Value - from.Value + 1));
    }
}
