using System.Security.Cryptography;

namespace Ledger.Crypto;

/// <summary>SHA-256, without allocation.</summary>
public static class Sha256
{
    private const int OnStack = 1024;

    public static Digest Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        if (bytes.Length > OnStack || !ShortSha256.TryHash(bytes, hash))
        {
            SHA256.HashData(bytes, hash);
        }

        return new(hash);
    }

    /// <summary>The hash of both, one after the other.</summary>
    public static Digest Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var length = first.Length + second.Length;
        var joined = length <= OnStack ? stackalloc byte[length] : new byte[length];
        first.CopyTo(joined);
        second.CopyTo(joined[first.Length..]);
        return Hash(joined);
    }
}
