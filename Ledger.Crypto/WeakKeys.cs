namespace Ledger.Crypto;

/// <summary>
/// The public keys that are nobody's: the points of small order, which sign for any message at once where a
/// verifier lets them, and encodings that are not a point's one (RFC 8032 §5.1.3). Ours refuses both
/// (<see cref="Ed25519Verifier"/>), so whoever holds a seat under such a key is never heard.
/// </summary>
internal static class WeakKeys
{
    /// <summary>
    /// The y of the eight points whose order divides 8, little-endian; a point and its negative share it.
    /// </summary>
    private static readonly byte[][] SmallOrder =
    [
        // Order 4, 1, 2, and 8 twice.
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ];

    public static bool Contain(in PublicKey key)
    {
        Span<byte> y = stackalloc byte[PublicKey.Size];
        key.CopyTo(y);

        // The highest bit is the sign of x.
        y[^1] &= 0x7f;
        if (!IsReduced(y))
        {
            return true;
        }

        foreach (var weak in SmallOrder)
        {
            if (y.SequenceEqual(weak))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether y &lt; p = 2^255 - 19: all bytes but the lowest are those of 2^255 - 1.</summary>
    private static bool IsReduced(ReadOnlySpan<byte> y)
        => y[0] < 0xed || y[^1] != 0x7f || y[1..^1].ContainsAnyExcept((byte)0xff);
}
