using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>Checks what a proof says of the state, with the genesis and nothing else.</summary>
public static class StateVerifier
{
    public static Verdict Verify(KeyProof proof, Genesis genesis)
        => (GenesisFault(proof, genesis) ?? FaultIn(proof)
            ?? FinalityVerifier.FaultIn(proof.Finality, genesis)) is { } fault
            ? Verdict.Of(fault)
            : Verdict.Of(
            [
                proof.Value is { } value
                    ? $"{Words.OfKey(proof.Key)} is {Words.OfEntry(proof.Key, value)} after "
                        + $"{Block(proof.Finality)}"
                    : $"{Words.OfKey(proof.Key)} is absent after {Block(proof.Finality)}",
                .. FinalityVerifier.DescribeChanges(proof.Finality, genesis),
                FinalityVerifier.Describe(proof.Finality, genesis),
            ]);

    public static Verdict Verify(PrefixProof proof, Genesis genesis)
        => (GenesisFault(proof, genesis) ?? FaultIn(proof)
            ?? FinalityVerifier.FaultIn(proof.Finality, genesis)) is { } fault
            ? Verdict.Of(fault)
            : Verdict.Of(
            [
                $"{proof.Entries.Count} keys begin with {Words.OfPrefix(proof.Prefix)} after "
                + $"{Block(proof.Finality)}, and no others:",
                .. proof.Entries.Select(
                    entry => $"  {Words.OfKey(entry.Key)} is {Words.OfEntry(entry.Key, entry.Value)}"),
                .. FinalityVerifier.DescribeChanges(proof.Finality, genesis),
                FinalityVerifier.Describe(proof.Finality, genesis),
            ]);

    private static string? GenesisFault(Proof proof, Genesis genesis) => proof.Genesis == genesis.Hash
        ? null
        : $"it is of the chain with genesis {proof.Genesis}, this genesis is {genesis.Hash}";

    private static string? FaultIn(KeyProof proof)
    {
        if (proof.Value is not null && proof.Other is not null)
        {
            return "it shows a value and another leaf in its place";
        }

        var path = StateKey.PathOf(proof.Key);
        Digest? value = proof.Value is null ? null : StateKey.ValueDigest(proof.Value);
        StateProof tree = new(value is null ? proof.Other : (path, value.Value), proof.Siblings);
        return tree.Verify(proof.Finality.Header.StateRoot, path, value)
            ? null
            : $"{(value is null ? "the absence" : "the value")} is not shown by the state root of block "
                + $"{proof.Finality.Header.Height}";
    }

    private static string? FaultIn(PrefixProof proof)
    {
        if (!StateKey.IsOfNamespace(proof.Prefix))
        {
            return "its prefix does not name one namespace";
        }

        if (!Ascend(proof.Entries.Select(entry => entry.Key))
            || !Ascend(proof.Others.Select(other => other.Key)))
        {
            return "its keys do not ascend, each once";
        }

        if (proof.Entries.Any(entry => !entry.Key.AsSpan().StartsWith(proof.Prefix))
            || proof.Others.Any(other => other.Key.AsSpan().StartsWith(proof.Prefix)))
        {
            return "a key with the prefix stands among those without, or the other way round";
        }

        (Digest Path, Digest Value)[] leaves =
        [
            .. proof.Entries.Select(entry => (StateKey.PathOf(entry.Key), StateKey.ValueDigest(entry.Value))),
            .. proof.Others.Select(other => (StateKey.PathOf(other.Key), other.Value)),
        ];
        Array.Sort(leaves, static (left, right) => left.Path.CompareTo(right.Path));
        StateRangeProof tree = new(proof.Siblings, leaves);
        return tree.Verify(
            proof.Finality.Header.StateRoot, StateKey.PathOf(proof.Prefix), StateKey.BucketBits)
            ? null
            : $"these are not all keys by the state root of block {proof.Finality.Header.Height}";
    }

    private static bool Ascend(IEnumerable<byte[]> keys)
    {
        byte[] last = [];
        foreach (var key in keys)
        {
            if (last.AsSpan().SequenceCompareTo(key) >= 0)
            {
                return false;
            }

            last = key;
        }

        return true;
    }

    private static string Block(FinalityProof finality)
        => $"block {finality.Header.Height} of {Words.Of(finality.Header.Time)}";
}
