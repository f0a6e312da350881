using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Makes proofs about the state of one final block. The state tree knows paths and no keys, so a proof of
/// completeness looks up the key of every leaf in the namespace's subtree, its neighbours' included.
/// </summary>
public static class StateProver
{
    /// <summary>
    /// Keys in one subtree. A larger one is not proven: every proof of it would be as large as itself.
    /// </summary>
    public const int KeysMax = 65_536;

    /// <summary>Bytes of keys and values in one proof; in JSON they double.</summary>
    private const int DataBytes = 16 * 1024 * 1024;

    public static KeyProof Prove(Digest genesis, IFinalState state, FinalityProof finality, byte[] key)
    {
        var proof = StateTree.Open(state, finality.Header.StateRoot).Prove(StateKey.PathOf(key));
        var value = state.ReadState(key);
        return new(genesis, key, value, value is null ? proof.Leaf : null, proof.Siblings, finality);
    }

    /// <param name="prefix">See <see cref="PrefixProof.Prefix"/>.</param>
    /// <param name="namespaces">Those that have a key.</param>
    /// <param name="read">All keys that begin like this, with their entries.</param>
    /// <returns>Null when the namespace's subtree is too large.</returns>
    public static PrefixProof? Prove(
        Digest genesis,
        IFinalState state,
        FinalityProof finality,
        byte[] prefix,
        IReadOnlyList<string> namespaces,
        Func<byte[], IEnumerable<KeyValuePair<byte[], byte[]>>> read)
    {
        var path = StateKey.PathOf(prefix);
        var range = StateTree.Open(state, finality.Header.StateRoot)
            .ProveRange(path, StateKey.BucketBits / 4, KeysMax);
        if (range is null)
        {
            return null;
        }

        var leaves = range.Leaves.ToDictionary(leaf => leaf.Path, leaf => leaf.Value);
        List<(byte[] Key, byte[] Value)> entries = [];
        List<(byte[] Key, Digest Value)> others = [];
        long bytes = 0;
        foreach (
            var (key, value) in namespaces.SelectMany(name => read(StateKey.ForNamespace(name)).TakeWhile(
            entry => SharesBits(StateKey.PathOf(entry.Key), path, range.Siblings.Count))))
        {
            if (!leaves.TryGetValue(StateKey.PathOf(key), out var digest))
            {
                continue;
            }

            var isWanted = key.AsSpan().StartsWith(prefix);
            bytes += key.Length + (isWanted ? value.Length : Digest.Size);
            if (isWanted)
            {
                entries.Add((key, value));
            }
            else
            {
                others.Add((key, digest));
            }
        }

        Invariant.Holds(entries.Count + others.Count == leaves.Count, "the state has every leaf of its tree");
        return bytes <= DataBytes ? new(genesis, prefix, range.Siblings, entries, others, finality) : null;
    }

    /// <summary>Namespaces elsewhere in the tree are passed over at their first key.</summary>
    private static bool SharesBits(Digest left, Digest right, int bits)
    {
        for (var i = 0; i < bits; i++)
        {
            if (left.BitAt(i) != right.BitAt(i))
            {
                return false;
            }
        }

        return true;
    }
}
