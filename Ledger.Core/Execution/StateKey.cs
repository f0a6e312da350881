using System.Buffers.Binary;
using System.Text;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The keys of the state: a kind and its fields, laid out so that no two differ only in where a field ends,
/// and so that a namespace, and an account's balances and roles, are each one contiguous range.
/// </summary>
public static class StateKey
{
    /// <summary>How many of a path's first bits the keys of a namespace share.</summary>
    public const int BucketBits = 16;

    private const byte KeyValue = (byte)'k';
    private const byte Asset = (byte)'a';
    private const byte Balance = (byte)'b';
    private const byte Role = (byte)'r';
    private const byte Meta = (byte)'m';
    private const byte Evidence = (byte)'e';

    private const int OffenderBytes = 1 + PublicKey.Size;
    private const int OffenceBytes = OffenderBytes + 1 + (2 * sizeof(ulong));

    /// <summary>How many accounts are admins: the last one stays.</summary>
    public static byte[] Admins { get; } = [Meta, .. "admins"u8];

    /// <summary>
    /// All validator sets, see <see cref="ValidatorHistory"/>; absent while the set is genesis's.
    /// </summary>
    public static byte[] Validators { get; } = [Meta, .. "validators"u8];

    /// <summary>What the keys of all offenders and offences begin with.</summary>
    public static ReadOnlySpan<byte> Offences => [Evidence];

    /// <summary>What the keys of all namespaces begin with.</summary>
    public static ReadOnlySpan<byte> Entries => [KeyValue];

    public static byte[] ForEntry(string @namespace, string key)
    {
        var end = 1 + Encoding.UTF8.GetByteCount(@namespace);
        var bytes = new byte[end + 1 + Encoding.UTF8.GetByteCount(key)];
        bytes[0] = KeyValue;
        Encoding.UTF8.GetBytes(@namespace, bytes.AsSpan(1));
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(end + 1));
        return bytes;
    }

    /// <summary>The prefix of a namespace's keys: names hold no NUL.</summary>
    public static byte[] ForNamespace(string @namespace)
        => [KeyValue, .. Encoding.UTF8.GetBytes(@namespace), 0];

    public static byte[] ForAsset(string asset) => [Asset, .. Encoding.UTF8.GetBytes(asset)];

    public static byte[] ForBalance(PublicKey account, string asset)
        => WithAccount(Balance, account, [], asset);

    public static byte[] ForBalances(PublicKey account) => WithAccount(Balance, account, [], "");

    public static byte[] ForRole(PublicKey account, Role role, string @namespace)
        => WithAccount(Role, account, [(byte)role], @namespace);

    public static byte[] ForRoles(PublicKey account) => WithAccount(Role, account, [], "");

    /// <summary>What the ledger holds against one validator; its offences' keys begin like this.</summary>
    public static byte[] ForOffender(PublicKey validator) => WithAccount(Evidence, validator, [], "");

    public static byte[] ForOffence(Offence offence)
    {
        var key = new byte[OffenceBytes];
        ForOffender(offence.Validator).CopyTo(key, 0);
        key[OffenderBytes] = (byte)offence.Kind;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(OffenderBytes + 1), offence.View.Value);
        BinaryPrimitives.WriteUInt64BigEndian(
            key.AsSpan(OffenderBytes + 1 + sizeof(ulong)), offence.Height.Value);
        return key;
    }

    /// <summary>Whether a key is that of one offence.</summary>
    public static bool IsOffence(ReadOnlySpan<byte> stateKey)
        => stateKey.Length == OffenceBytes && stateKey[0] == Evidence;

    /// <summary>The namespace and key of an entry's state key.</summary>
    public static (string Namespace, string Key) ParseEntry(ReadOnlySpan<byte> stateKey)
    {
        var end = stateKey.IndexOf((byte)0);
        return (Encoding.UTF8.GetString(stateKey[1..end]), Encoding.UTF8.GetString(stateKey[(end + 1)..]));
    }

    /// <summary>The asset of a balance's state key.</summary>
    public static string ParseBalance(ReadOnlySpan<byte> stateKey)
        => Encoding.UTF8.GetString(stateKey[(1 + PublicKey.Size)..]);

    /// <summary>The role and namespace of a role's state key.</summary>
    public static (Role Role, string Namespace) ParseRole(ReadOnlySpan<byte> stateKey)
        => ((Role)stateKey[1 + PublicKey.Size], Encoding.UTF8.GetString(stateKey[(2 + PublicKey.Size)..]));

    /// <summary>
    /// Where a key stands in the state tree: its hash, but for the first bits. A namespace's keys share their
    /// first <see cref="BucketBits"/> bits and so stand in one subtree, in which no balance, role or asset
    /// stands; to reveal it whole is to leave no key out (docs/decisions/0020-prefix-proofs.md).
    /// </summary>
    public static Digest PathOf(ReadOnlySpan<byte> stateKey)
    {
        Span<byte> path = stackalloc byte[Digest.Size];
        Sha256.Hash(stateKey).CopyTo(path);
        if (stateKey[0] == KeyValue)
        {
            BinaryPrimitives.WriteUInt16BigEndian(path, BucketOf(stateKey[1..stateKey.IndexOf((byte)0)]));
        }
        else
        {
            path[0] &= 0x7f;
        }

        return new(path);
    }

    /// <summary>
    /// The first bits of a namespace's paths, the topmost one set. Many namespaces share a bucket, which
    /// costs proofs a little and soundness nothing: so a cheap hash will do (FNV-1a, folded to 15 bits).
    /// </summary>
    public static ushort BucketOf(ReadOnlySpan<byte> name)
    {
        var hash = 2166136261;
        foreach (var b in name)
        {
            hash = unchecked((hash ^ b) * 16777619);
        }

        return (ushort)(0x8000 | ((hash >> 15) ^ hash) & 0x7fff);
    }

    /// <summary>
    /// Whether all keys that begin like this are in one bucket: a namespace, the NUL after it, and perhaps
    /// the beginning of a key.
    /// </summary>
    public static bool IsOfNamespace(ReadOnlySpan<byte> prefix)
        => prefix.Length > 2 && prefix[0] == KeyValue && prefix.IndexOf((byte)0) > 1;

    /// <summary>Whether these bytes can be a state key at all; others have no path.</summary>
    public static bool IsStateKey(ReadOnlySpan<byte> bytes) => bytes.Length > 1 && bytes[0] switch
    {
        KeyValue => IsOfNamespace(bytes) && bytes[^1] != 0,
        Balance => bytes.Length > 1 + PublicKey.Size,
        Role => bytes.Length > 1 + PublicKey.Size,
        Asset or Meta => true,
        Evidence => bytes.Length is OffenderBytes or OffenceBytes,
        _ => false,
    };

    /// <summary>What the state tree holds for a key's encoded value.</summary>
    public static Digest ValueDigest(ReadOnlySpan<byte> value) => Sha256.Hash("ledger/state/v1\0"u8, value);

    /// <summary>Made for every transaction, some of them several times: in one piece.</summary>
    private static byte[] WithAccount(byte kind, PublicKey account, ReadOnlySpan<byte> after, string name)
    {
        var head = 1 + PublicKey.Size;
        var bytes = new byte[head + after.Length + Encoding.UTF8.GetByteCount(name)];
        bytes[0] = kind;
        account.CopyTo(bytes.AsSpan(1));
        after.CopyTo(bytes.AsSpan(head));
        Encoding.UTF8.GetBytes(name, bytes.AsSpan(head + after.Length));
        return bytes;
    }
}
