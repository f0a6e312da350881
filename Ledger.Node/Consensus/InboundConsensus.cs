using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Hosting;
using Ledger.Node.Transport;

namespace Ledger.Node.Consensus;

/// <summary>
/// The way in for everything that peers say about consensus: decoded and verified here, on the peer's own
/// reader and so off the consensus loop, then queued for it.
/// </summary>
internal sealed class InboundConsensus(
    IConsensusProtocol protocol, ConsensusLoop loop, SyncLag lag,
    ConsensusDiary diary, Func<Height> height, Action<Verified>? heard = null)
{
    public async ValueTask<FrameVerdict> OnFrameAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!protocol.TryDecode(payload, out var envelope))
        {
            return FrameVerdict.Disconnect("malformed");
        }

        if (protocol.Check(envelope, from, out var reason) is not { } verified)
        {
            if (protocol.UntimelinessOf(reason) is not { } untimely)
            {
                return FrameVerdict.Disconnect(reason);
            }

            if (untimely == Untimely.Early)
            {
                await loop.OfferAsync(from, new Input.PeerIsAhead(from), cancellationToken)
                    .ConfigureAwait(false);
            }

            return FrameVerdict.Drop(reason);
        }

        if (protocol.HeightIn(envelope.Message) is { } claimed)
        {
            lag.PeerIsAt(from, claimed, height());
        }

        heard?.Invoke(verified);
        if (protocol.VoteIn(envelope.Message) is { } voted)
        {
            diary.Heard(from, voted);
        }

        await loop.OfferAsync(from, new Input.Received(verified), cancellationToken).ConfigureAwait(false);
        return FrameVerdict.Ok;
    }

    /// <summary>A block that was fetched by its hash.</summary>
    public void OnFetched(Block block) => loop.Post(new Input.Fetched(block));

    /// <summary>Final blocks from a peer that end in a certificate.</summary>
    /// <returns>False when the certificate does not hold: the peer lies.</returns>
    public async ValueTask<bool> OnSegmentAsync(
        ValidatorIndex from, IReadOnlyList<Block> blocks, QuorumCertificate certificate,
        CancellationToken cancellationToken)
    {
        if (protocol.CheckSegment(blocks, certificate) is not { } segment)
        {
            return false;
        }

        await loop.OfferAsync(from, new Input.Synced(segment), cancellationToken).ConfigureAwait(false);
        return true;
    }
}
