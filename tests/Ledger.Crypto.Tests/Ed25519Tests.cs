namespace Ledger.Crypto.Tests;

public sealed class Ed25519Tests
{
    /// <summary>RFC 8032 §7.1, tests 1 to 3 and SHA(abc).</summary>
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void The_vectors_of_RFC_8032(string seed, string publicKey, string message, string signature)
    {
        using var key = SigningKey.FromSeed(Convert.FromHexString(seed));
        Assert.Equal(publicKey, key.PublicKey.ToString());
        var signed = key.Sign(Convert.FromHexString(message));
        Assert.Equal(signature, signed.ToString());
        Assert.True(Ed25519Verifier.Verify(key.PublicKey, Convert.FromHexString(message), signed));
    }

    [Fact]
    public void A_malleable_signature_is_refused()
    {
        using var key = SigningKey.Generate();
        var bytes = new byte[Signature.Size];
        key.Sign("message"u8).CopyTo(bytes);
        byte[] order = Convert.FromHexString(
            "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        var carry = 0;
        for (var i = 0; i < order.Length; i++)
        {
            carry += bytes[32 + i] + order[i];
            bytes[32 + i] = (byte)carry;
            carry >>= 8;
        }

        Assert.False(Ed25519Verifier.Verify(key.PublicKey, "message"u8, new(bytes)));
    }

    [Fact]
    public void A_small_order_key_signs_nothing()
    {
        var identity = new byte[PublicKey.Size];
        identity[0] = 1;
        var signature = new byte[Signature.Size];
        signature[0] = 1;
        Assert.False(Ed25519Verifier.Verify(new(identity), "message"u8, new(signature)));
    }

    /// <summary>
    /// All fourteen encodings of the eight points of small order, as a lenient decoder reads them.
    /// </summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void A_point_of_small_order_is_a_weak_key(string key)
        => Assert.True(new PublicKey(Convert.FromHexString(key)).IsWeak);

    [Theory]
    [InlineData("efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", true)]
    [InlineData("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false)]
    [InlineData("edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7f", false)]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e", false)]
    [InlineData("edfeffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false)]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", false)]
    [InlineData("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", false)]
    public void A_key_that_is_not_below_the_prime_is_weak_and_any_other_is_not(string key, bool weak)
        => Assert.Equal(weak, new PublicKey(Convert.FromHexString(key)).IsWeak);
}
