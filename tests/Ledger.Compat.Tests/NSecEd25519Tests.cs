using System.Numerics;
using NSec.Cryptography;

namespace Ledger.Compat.Tests;

public sealed class NSecEd25519Tests
{
    private static readonly Ed25519 Algorithm = SignatureAlgorithm.Ed25519;

    private static readonly KeyCreationParameters Exportable = new()
    {
        ExportPolicy = KeyExportPolicies.AllowPlaintextExport,
    };

    /// <summary>RFC 8032, section 7.1: seed, public key, message, signature.</summary>
    public static TheoryData<string, string, string, string> Rfc8032 => new()
    {
        {
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
        {
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            + "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        },
    };

    /// <summary>
    /// All points of order 1, 2, 4 and 8 in canonical form, and two of them in a form that is not.
    /// </summary>
    public static TheoryData<string> SmallOrderKeys =>
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    [Theory, MemberData(nameof(Rfc8032))]
    public void Rfc_8032_section_7_1_vectors_hold(
        string seed, string publicKey, string message, string signature)
    {
        using var key = Key.Import(Algorithm, Hex(seed), KeyBlobFormat.RawPrivateKey);
        var imported = PublicKey.Import(Algorithm, Hex(publicKey), KeyBlobFormat.RawPublicKey);

        Assert.Equal(publicKey, ToHex(key.PublicKey.Export(KeyBlobFormat.RawPublicKey)));
        Assert.Equal(signature, ToHex(Algorithm.Sign(key, Hex(message))));
        Assert.True(Algorithm.Verify(imported, Hex(message), Hex(signature)));
    }

    [Theory, MemberData(nameof(Rfc8032))]
    public void A_signature_with_any_part_changed_is_refused(
        string seed, string publicKey, string message, string signature)
    {
        Assert.NotEmpty(seed);
        var key = PublicKey.Import(Algorithm, Hex(publicKey), KeyBlobFormat.RawPublicKey);
        for (var position = 0; position < Algorithm.SignatureSize; position++)
        {
            var changed = Hex(signature);
            changed[position] ^= 1;
            Assert.False(Algorithm.Verify(key, Hex(message), changed));
        }

        Assert.False(Algorithm.Verify(key, [.. Hex(message), 0], Hex(signature)));
    }

    [Fact]
    public void A_signature_whose_scalar_is_not_reduced_is_refused()
    {
        using var key = Key.Create(Algorithm);
        var signature = Algorithm.Sign(key, [1, 2, 3]);
        var order = (BigInteger.One << 252) + BigInteger.Parse("27742317777372353535851937790883648493");
        var scalar = new BigInteger(signature.AsSpan(32), isUnsigned: true) + order;

        var malleable = signature.ToArray();
        Assert.True(scalar.TryWriteBytes(malleable.AsSpan(32), out _, isUnsigned: true));

        Assert.True(Algorithm.Verify(key.PublicKey, [1, 2, 3], signature));
        Assert.NotEqual(signature, malleable);
        Assert.False(Algorithm.Verify(key.PublicKey, [1, 2, 3], malleable));
    }

    [Theory, MemberData(nameof(SmallOrderKeys))]
    public void A_small_order_public_key_verifies_nothing(string publicKey)
    {
        // R is the identity and S is zero: a verifier without the check takes this for any message of such a
        // key.
        var signature = new byte[64];
        signature[0] = 1;
        var key = PublicKey.Import(Algorithm, Hex(publicKey), KeyBlobFormat.RawPublicKey);

        for (byte message = 0; message < 64; message++)
        {
            Assert.False(Algorithm.Verify(key, [message], signature));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    public void A_signature_of_another_length_is_wrong_to_verify_and_an_error_to_write(int length)
    {
        using var key = Key.Create(Algorithm);

        Assert.False(Algorithm.Verify(key.PublicKey, [], new byte[length]));
        Assert.Throws<ArgumentException>("signature", () => Algorithm.Sign(key, [], new byte[length]));
    }

    [Fact]
    public void Verifying_and_signing_allocate_nothing()
    {
        using var key = Key.Create(Algorithm);
        var publicKey = key.PublicKey;
        var message = new byte[100];
        var signature = new byte[64];
        Algorithm.Sign(key, message, signature);
        Assert.True(Algorithm.Verify(publicKey, message, signature));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 10; round++)
        {
            Algorithm.Sign(key, message, signature);
            _ = Algorithm.Verify(publicKey, message, signature);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(64)]
    public void A_blob_of_another_length_is_not_a_key(int length)
    {
        var blob = new byte[length];

        Assert.Throws<FormatException>(() => Key.Import(Algorithm, blob, KeyBlobFormat.RawPrivateKey));
        Assert.Throws<FormatException>(() => PublicKey.Import(Algorithm, blob, KeyBlobFormat.RawPublicKey));
        Assert.False(Key.TryImport(Algorithm, blob, KeyBlobFormat.RawPrivateKey, out var key));
        Assert.False(PublicKey.TryImport(Algorithm, blob, KeyBlobFormat.RawPublicKey, out var publicKey));
        Assert.Null(key);
        Assert.Null(publicKey);
    }

    [Fact]
    public void A_format_of_another_kind_of_key_is_an_error()
    {
        var blob = new byte[32];

        Assert.Throws<ArgumentException>(
            "format", () => Key.Import(Algorithm, blob, KeyBlobFormat.RawSymmetricKey));
        Assert.Throws<ArgumentException>(
            "format", () => Key.Import(AeadAlgorithm.XChaCha20Poly1305, blob, KeyBlobFormat.RawPrivateKey));
        Assert.Throws<ArgumentException>(
            "format", () => PublicKey.Import(Algorithm, blob, KeyBlobFormat.RawPrivateKey));
    }

    [Fact]
    public void A_secret_leaves_only_as_its_policy_says()
    {
        using var kept = Key.Create(Algorithm);
        using var archived = Key.Create(
            Algorithm,
            new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextArchiving });
        using var exported = Key.Create(Algorithm, Exportable);

        Assert.Throws<InvalidOperationException>(() => kept.Export(KeyBlobFormat.RawPrivateKey));
        Assert.Equal(32, archived.Export(KeyBlobFormat.RawPrivateKey).Length);
        Assert.Throws<InvalidOperationException>(() => archived.Export(KeyBlobFormat.RawPrivateKey));
        Assert.Equal(
            exported.Export(KeyBlobFormat.RawPrivateKey), exported.Export(KeyBlobFormat.RawPrivateKey));
    }

    [Fact]
    public void An_exported_secret_makes_the_same_key_again()
    {
        using var key = Key.Create(Algorithm, Exportable);
        using var again = Key.Import(
            Algorithm, key.Export(KeyBlobFormat.RawPrivateKey), KeyBlobFormat.RawPrivateKey);

        Assert.Equal(key.PublicKey, again.PublicKey);
        Assert.Equal(key.PublicKey.GetHashCode(), again.PublicKey.GetHashCode());
        Assert.Equal(Algorithm.Sign(key, [7]), Algorithm.Sign(again, [7]));
    }

    [Fact]
    public void A_disposed_key_neither_signs_nor_exports()
    {
        var key = Key.Create(Algorithm, Exportable);
        key.Dispose();
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Algorithm.Sign(key, [1]));
        Assert.Throws<ObjectDisposedException>(() => key.Export(KeyBlobFormat.RawPrivateKey));
    }

    [Fact]
    public void A_key_of_another_algorithm_does_not_sign()
    {
        using var key = Key.Create(AeadAlgorithm.XChaCha20Poly1305);

        Assert.Throws<ArgumentException>("key", () => Algorithm.Sign(key, [1]));
        Assert.Throws<InvalidOperationException>(() => key.PublicKey);
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static string ToHex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
