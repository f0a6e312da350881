using Ledger.Core;
using Ledger.Storage;
using Microsoft.AspNetCore.Http;

namespace Ledger.Node.Api;

/// <summary>Proofs of what the state holds and of what it does not.</summary>
internal sealed class StateProofEndpoints(Genesis genesis, LedgerStore store)
{
    /// <summary>One key: its value, or its absence.</summary>
    public IResult Key(HttpContext http, string ns, string key, ulong? height)
        => NameFault(ns) ?? WithState(
            height,
            (snapshot, finality) => ProofReplies.Of(
                http, StateProver.Prove(genesis.Hash, snapshot, finality, StateKey.ForEntry(ns, key))));

    /// <summary>All keys of a namespace that begin with a prefix, none left out.</summary>
    public IResult Prefix(HttpContext http, string ns, string prefix, ulong? height)
        => NameFault(ns) ?? WithState(
            height,
            (snapshot, finality) => StateProver.Prove(
                genesis.Hash, snapshot, finality, StateKey.ForEntry(ns, prefix), snapshot.ReadNamespaces(),
                snapshot.ReadStateRange) is { } proof
                ? ProofReplies.Of(http, proof)
                : Problems.Of(
                    StatusCodes.Status413PayloadTooLarge, "too_large",
                    $"namespace '{ns}' has too many keys to prove that none is left out (at most "
                        + $"{StateProver.KeysMax}, 16 MiB in all); prove single keys, or spread them over "
                        + "several namespaces"));

    private IResult WithState(ulong? height, Func<LedgerSnapshot, FinalityProof, IResult> prove)
    {
        using var snapshot = store.Snapshot();
        var head = snapshot.Head!;
        if (height is { } wanted && wanted != head.Height.Value)
        {
            return Problems.Of(
                wanted < head.Height.Value ? StatusCodes.Status410Gone : StatusCodes.Status404NotFound,
                "state_not_kept",
                $"this node keeps the state of the latest block only, which is {head.Height}; height "
                    + $"{wanted} cannot be proven here: leave out 'height'");
        }

        return FinalityReader.Read(genesis, store, head.Height, head.Height) is { } finality
            ? prove(snapshot, finality)
            : ProofReplies.NotCertified(head.Height == Height.Genesis
                ? "the genesis block, which needs none: there is nothing to prove before the first block"
                : $"block {head.Height}");
    }

    private static IResult? NameFault(string ns) => TransactionRules.IsName(ns)
        ? null
        : Problems.BadRequest("a namespace is 1 to 64 characters of a-z, 0-9, '.', '_', '-'");
}
