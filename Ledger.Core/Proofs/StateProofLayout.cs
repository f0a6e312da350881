using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>The claims of proofs about the state; the rest is <see cref="ProofLayout"/>'s.</summary>
internal static class StateProofLayout
{
    private const int LeafBytes = 2 * Digest.Size;
    private const int PathBits = 8 * Digest.Size;

    /// <summary>More than the longest state key: a kind, a namespace, a NUL and a key.</summary>
    private const int KeyBytes = 3 + Limits.NameBytes + Limits.KeyBytes;

    /// <summary>More than the longest encoded entry.</summary>
    private const int EntryBytes = Limits.ValueBytes + 32;

    public static void Write(IFieldWriter writer, KeyProof proof)
    {
        writer.BeginRecord("claim", 4);
        writer.Bytes("key", proof.Key);
        writer.BeginList("value", proof.Value is null ? 0 : 1);
        if (proof.Value is not null)
        {
            writer.Bytes(FieldForms.Item, proof.Value);
        }

        writer.EndList();
        writer.BeginList("other", proof.Other is null ? 0 : 1);
        if (proof.Other is { } other)
        {
            Span<byte> leaf = stackalloc byte[LeafBytes];
            other.Path.CopyTo(leaf);
            other.Value.CopyTo(leaf[Digest.Size..]);
            writer.Bytes(FieldForms.Item, leaf);
        }

        writer.EndList();
        WriteDigests(writer, "siblings", proof.Siblings);
    }

    public static KeyProof ReadKey(IFieldReader reader, Digest genesis, bool hasChanges)
    {
        var claim = reader.Record("claim", 4, static fields => (
            Key: ReadStateKey(fields),
            Value: fields.List("value", 1, static item => item.Bytes(FieldForms.Item, EntryBytes)),
            Other: fields.List("other", 1, static item => item.Fixed(FieldForms.Item, LeafBytes)),
            Siblings: ReadDigests(fields, "siblings", PathBits)));
        (Digest, Digest)? other = claim.Other is [var leaf]
            ? (new(leaf.AsSpan(..Digest.Size)), new(leaf.AsSpan(Digest.Size..)))
            : null;
        return new(
            genesis, claim.Key, claim.Value is [var value] ? value : null, other, claim.Siblings,
            FinalityLayout.Read(reader, hasChanges));
    }

    public static void Write(IFieldWriter writer, PrefixProof proof)
    {
        writer.BeginRecord("claim", 4);
        writer.Bytes("prefix", proof.Prefix);
        WriteDigests(writer, "siblings", proof.Siblings);
        writer.BeginList("entries", proof.Entries.Count);
        foreach (var (key, value) in proof.Entries)
        {
            writer.BeginRecord(FieldForms.Item, 2);
            writer.Bytes("key", key);
            writer.Bytes("value", value);
            writer.EndRecord();
        }

        writer.EndList();
        writer.BeginList("others", proof.Others.Count);
        foreach (var (key, value) in proof.Others)
        {
            writer.BeginRecord(FieldForms.Item, 2);
            writer.Bytes("key", key);
            writer.Digest("valueDigest", value);
            writer.EndRecord();
        }

        writer.EndList();
    }

    public static PrefixProof ReadPrefix(IFieldReader reader, Digest genesis, bool hasChanges)
    {
        var claim = reader.Record("claim", 4, static fields => (
            Prefix: fields.Bytes("prefix", KeyBytes),
            Siblings: ReadDigests(fields, "siblings", StateKey.BucketBits),
            Entries: fields.List("entries", StateProver.KeysMax, static item => item.Record(
                FieldForms.Item, 2, static entry => (ReadStateKey(entry), entry.Bytes("value", EntryBytes)))),
            Others: fields.List("others", StateProver.KeysMax, static item => item.Record(
                FieldForms.Item, 2, static other => (ReadStateKey(other), other.Digest("valueDigest"))))));
        return new(
            genesis, claim.Prefix, claim.Siblings, claim.Entries, claim.Others, FinalityLayout.Read(
                reader, hasChanges));
    }

    private static byte[] ReadStateKey(IFieldReader reader)
    {
        var key = reader.Bytes("key", KeyBytes);
        return StateKey.IsStateKey(key) ? key : throw new MalformedException("'key' is no key of the state");
    }

    private static void WriteDigests(IFieldWriter writer, string name, IReadOnlyList<Digest> digests)
    {
        writer.BeginList(name, digests.Count);
        foreach (var digest in digests)
        {
            writer.Digest(FieldForms.Item, digest);
        }

        writer.EndList();
    }

    private static Digest[] ReadDigests(IFieldReader reader, string name, int max)
        => reader.List(name, max, static item => item.Digest(FieldForms.Item));
}
