using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>Receipts and headers with their proofs: what a client keeps and shows to others.</summary>
internal sealed class ReceiptEndpoints(Genesis genesis, LedgerStore store, HeavyReads heavy)
{
    /// <summary>
    /// Blocks whose trees are kept: whoever asks for one receipt of a block often asks for its neighbours'.
    /// </summary>
    private const int ProversKept = 8;

    private readonly Lock _lock = new();
    private readonly Queue<Height> _order = new();
    private readonly Dictionary<Height, ReceiptProver> _provers = [];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/receipts/{hash}/proof", (HttpContext http, string hash) => Receipt(http, hash))
            .AddEndpointFilter(heavy);
        routes.MapGet(
            "/v1/headers", (HttpContext http, ulong from, ulong? to) => Headers(http, new(from), to))
            .AddEndpointFilter(heavy);
    }

    private IResult Receipt(HttpContext http, string text)
    {
        if (!Digest.TryParse(text, out var hash))
        {
            return Problems.BadRequest("a transaction's hash is 64 hexadecimal digits");
        }

        if (store.FindTransaction(hash) is not { } place)
        {
            return Problems.NotFound($"no transaction {text} is final here");
        }

        if (place.Height < store.Kept.Blocks)
        {
            return Problems.Pruned(
                $"the body of block {place.Height}, which holds this transaction, is not kept here: this "
                + $"node has blocks from {store.Kept.Blocks} on; a receipt saved earlier stays valid, an "
                + "archive node makes a new one");
        }

        return ProverOf(place.Height) is { } prover
            ? ProofReplies.Of(http, prover.Prove(place.Index))
            : ProofReplies.NotCertified($"block {place.Height}");
    }

    /// <summary>The headers from a height on, up to a certified one: all that a light client needs.</summary>
    private IResult Headers(HttpContext http, Height from, ulong? to)
    {
        if (to < from.Value)
        {
            return Problems.EmptyRange(from.Value, to.Value);
        }

        var head = store.Head!.Height;
        if (from < store.Kept.Headers)
        {
            return Problems.Pruned(
                $"this node began with a snapshot and has headers from {store.Kept.Headers} on");
        }

        if (from == Height.Genesis || from > head)
        {
            return Problems.NotFound($"headers 1 to {head} are final here, {from} is not among them");
        }

        var last = Math.Min(Math.Min(to ?? head.Value, head.Value), from.Value + ProofFile.HeadersMax - 1);
        return FinalityReader.Read(genesis, store, from, new(Math.Max(last, from.Value))) is { } finality
            ? ProofReplies.Of(http, new HeadersProof(genesis.Hash, finality))
            : ProofReplies.NotCertified($"block {last}");
    }

    private ReceiptProver? ProverOf(Height height)
    {
        lock (_lock)
        {
            if (_provers.TryGetValue(height, out var known))
            {
                return known;
            }
        }

        if (store.ReadBlockBytes(height) is not { } block || store.ReadReceipts(height) is not { } receipts
            || FinalityReader.Read(genesis, store, height, height) is not { } finality)
        {
            return null;
        }

        ReceiptProver prover = new(genesis.Hash, block, receipts, finality);
        lock (_lock)
        {
            if (_provers.TryAdd(height, prover))
            {
                _order.Enqueue(height);
                if (_order.Count > ProversKept)
                {
                    _provers.Remove(_order.Dequeue());
                }
            }
        }

        return prover;
    }
}
