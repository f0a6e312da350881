using System.Text;
using NSec.Cryptography;

namespace Ledger.Compat.Tests;

public sealed class NSecAeadTests
{
    private const string SunscreenPlaintext =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        + "sunscreen would be it.";

    private static readonly byte[] AssociatedData = Convert.FromHexString("50515253c0c1c2c3c4c5c6c7");

    private static readonly byte[] KeyBytes = Convert.FromHexString(
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");

    /// <summary>draft-irtf-cfrg-xchacha-03, appendix A.3.1.</summary>
    [Fact]
    public void XChaCha20_Poly1305_gives_the_drafts_ciphertext()
    {
        var algorithm = AeadAlgorithm.XChaCha20Poly1305;
        var nonce = Convert.FromHexString("404142434445464748494a4b4c4d4e4f5051525354555657");
        using var key = Key.Import(algorithm, KeyBytes, KeyBlobFormat.RawSymmetricKey);

        var ciphertext = algorithm.Encrypt(
            key, nonce, AssociatedData, Encoding.ASCII.GetBytes(SunscreenPlaintext));

        Assert.Equal(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
            + "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
            + "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
            + "21f9664c97637da9768812f615c68b13b52e"
            + "c0875924c1c7987947deafd8780acf49",
            Convert.ToHexStringLower(ciphertext));
    }

    [Fact]
    public void What_was_encrypted_decrypts_into_an_array_and_into_a_span()
    {
        var algorithm = AeadAlgorithm.XChaCha20Poly1305;
        using var key = Key.Create(algorithm);
        var nonce = new byte[algorithm.NonceSize];
        var ciphertext = new byte[3 + algorithm.TagSize];
        var plaintext = new byte[3];

        algorithm.Encrypt(key, nonce, AssociatedData, [1, 2, 3], ciphertext);

        Assert.Equal([1, 2, 3], algorithm.Decrypt(key, nonce, AssociatedData, ciphertext));
        Assert.True(algorithm.Decrypt(key, nonce, AssociatedData, ciphertext, plaintext));
        Assert.Equal([1, 2, 3], plaintext);
    }

    [Fact]
    public void Nothing_that_was_changed_decrypts()
    {
        var algorithm = AeadAlgorithm.XChaCha20Poly1305;
        using var key = Key.Create(algorithm);
        using var otherKey = Key.Create(algorithm);
        var nonce = new byte[algorithm.NonceSize];
        var ciphertext = algorithm.Encrypt(key, nonce, AssociatedData, [1, 2, 3]);

        for (var position = 0; position < ciphertext.Length; position++)
        {
            var changed = ciphertext.ToArray();
            changed[position] ^= 0x80;
            Assert.Null(algorithm.Decrypt(key, nonce, AssociatedData, changed));
        }

        byte[] otherNonce = [.. nonce[1..], 1];
        Assert.Null(algorithm.Decrypt(key, nonce, [], ciphertext));
        Assert.Null(algorithm.Decrypt(key, otherNonce, AssociatedData, ciphertext));
        Assert.Null(algorithm.Decrypt(otherKey, nonce, AssociatedData, ciphertext));
        Assert.Null(algorithm.Decrypt(key, nonce, AssociatedData, ciphertext.AsSpan(0, 15)));
    }

    [Fact]
    public void A_nonce_or_an_output_of_another_length_is_an_error()
    {
        var algorithm = AeadAlgorithm.XChaCha20Poly1305;
        using var key = Key.Create(algorithm);
        var nonce = new byte[algorithm.NonceSize];

        Assert.Throws<ArgumentException>("nonce", () => algorithm.Encrypt(key, new byte[12], [], [1]));
        Assert.Throws<ArgumentException>(
            "nonce", () => algorithm.Decrypt(key, new byte[25], [], new byte[20]));
        Assert.Throws<ArgumentException>(
            "ciphertext", () => algorithm.Encrypt(key, nonce, [], [1], new byte[16]));
        Assert.Throws<ArgumentException>(
            "plaintext", () => algorithm.Decrypt(key, nonce, [], new byte[17], []));
    }
}
