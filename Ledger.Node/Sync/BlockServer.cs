using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Sync;

/// <summary>Answers peers' questions for blocks, from the store and from those under way.</summary>
/// <param name="needs">Hears from where on a peer lacks final blocks.</param>
internal sealed class BlockServer(
    PeerNetwork network, LedgerStore store, RecentBlocks recent, Action<Height> needs)
{
    public ValueTask<FrameVerdict> OnRequestAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!BlockRequest.TryDecode(payload, out var request))
        {
            return ValueTask.FromResult(FrameVerdict.Disconnect("malformed_request"));
        }

        network.Send(FrameKind.Response, Answer(request).Encode(), from);
        return ValueTask.FromResult(FrameVerdict.Ok);
    }

    private BlockResponse Answer(BlockRequest request)
    {
        if (request.Hash is not { } hash)
        {
            return Range(request);
        }

        var found = recent.Find(hash)?.Encoded
            ?? (store.FindBlock(hash) is { } height
                ? store.ReadBlockBytes(height) : (ReadOnlyMemory<byte>?)null);
        return new(request.Id, found is { } block ? [block] : [], []) { Lowest = store.Kept.Blocks };
    }

    private BlockResponse Range(BlockRequest request)
    {
        needs(request.From);
        List<ReadOnlyMemory<byte>> blocks = [];
        List<QuorumCertificate> certificates = [];
        var bytes = 0;
        for (var height = request.From; blocks.Count < BlockResponse.BlocksMax; height = height.Next)
        {
            if (store.ReadBlockBytes(height) is not { } block
                || (blocks.Count > 0 && bytes + block.Length > BlockResponse.BytesMax))
            {
                break;
            }

            bytes += block.Length;
            blocks.Add(block);
            if (store.ReadCertificate(height) is { } certificate)
            {
                bytes += CertificateCodec.Encode(certificate).Length;
                certificates.Add(certificate);
            }
        }

        return new(request.Id, blocks, certificates) { Lowest = store.Kept.Blocks };
    }
}
