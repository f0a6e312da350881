using System.Text;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The keys of the state: a kind and its fields, laid out so that no two differ only in where a field ends, and so that
/// a namespace, and an account's balances and roles, are each one contiguous range.
/// </summary>
public static class StateKey
{
    private const byte KeyValue = (byte)'k';
    private const byte Asset = (byte)'a';
    private const byte Balance = (byte)'b';
    private const byte Role = (byte)'r';
    private const byte Meta = (byte)'m';

    /// <summary>How many accounts are admins: the last one stays.</summary>
    public static byte[] Admins { get; } = [Meta, .. "admins"u8];

    public static byte[] ForEntry(string @namespace, string key)
        => [.. ForNamespace(@namespace), .. Encoding.UTF8.GetBytes(key)];

    /// <summary>The prefix of a namespace's keys: names hold no NUL.</summary>
    public static byte[] ForNamespace(string @namespace)
        => [KeyValue, .. Encoding.UTF8.GetBytes(@namespace), 0];

    public static byte[] ForAsset(string asset) => [Asset, .. Encoding.UTF8.GetBytes(asset)];

    public static byte[] ForBalance(PublicKey account, string asset)
        => [.. ForBalances(account), .. Encoding.UTF8.GetBytes(asset)];

    public static byte[] ForBalances(PublicKey account) => WithAccount(Balance, account);

    public static byte[] ForRole(PublicKey account, Role role, string @namespace)
        => [.. ForRoles(account), (byte)role, .. Encoding.UTF8.GetBytes(@namespace)];

    public static byte[] ForRoles(PublicKey account) => WithAccount(Role, account);

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

    /// <summary>Where a key stands in the state tree.</summary>
    public static Digest PathOf(ReadOnlySpan<byte> stateKey) => Sha256.Hash(stateKey);

    /// <summary>What the state tree holds for a key's encoded value.</summary>
    public static Digest ValueDigest(ReadOnlySpan<byte> value) => Sha256.Hash("ledger/state/v1\0"u8, value);

    private static byte[] WithAccount(byte kind, PublicKey account) => [kind, .. account.ToArray()];
}
