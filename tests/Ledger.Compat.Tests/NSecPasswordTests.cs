using System.Text;
using NSec.Cryptography;

namespace Ledger.Compat.Tests;

public sealed class NSecPasswordTests
{
    private static readonly byte[] Salt = Encoding.ASCII.GetBytes("0123456789abcdef");

    private static Argon2id Cheap => PasswordBasedKeyDerivationAlgorithm.Argon2id(
        new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = 64, NumberOfPasses = 1 });

    /// <summary>
    /// Made with OpenSSL's Argon2id: password, memory in KiB, passes, tag; one lane and the salt above.
    /// </summary>
    public static TheoryData<string, long, long, string> Golden => new()
    {
        { "password", 64, 1, "73cba7a192f57cc8935bd573b08cc8e1788b2237989a1b24d9d088520db54696" },
        { "password", 65536, 3, "daf16780dcb73e862146297fa17b81b86b480f33c0b67daef0f2c7c809c5797b" },
        { "", 8, 2, "57367adad072c59cb6481ef657cdaff6394cbeda118fa18ab5d1cf575c7d1378" },
        { "pässword", 1024, 4, "f69e1755f7f3099e1d7e71e588fa7444099925079f2c919efafddc25b7af66a2" },
    };

    [Theory, MemberData(nameof(Golden))]
    public void Argon2id_agrees_with_the_reference_implementation(
        string password, long memoryKiB, long passes, string tag)
    {
        var algorithm = PasswordBasedKeyDerivationAlgorithm.Argon2id(new Argon2Parameters
        {
            DegreeOfParallelism = 1,
            MemorySize = memoryKiB,
            NumberOfPasses = passes,
        });

        var derived = algorithm.DeriveBytes(Encoding.UTF8.GetBytes(password), Salt, 32);

        Assert.Equal(tag, Convert.ToHexStringLower(derived));
    }

    [Fact]
    public void A_derived_key_is_the_derived_bytes()
    {
        var aead = AeadAlgorithm.XChaCha20Poly1305;
        using var derived = Cheap.DeriveKey("passphrase"u8, Salt, aead);
        using var imported = Key.Import(
            aead, Cheap.DeriveBytes("passphrase"u8, Salt, 32), KeyBlobFormat.RawSymmetricKey);
        var nonce = new byte[aead.NonceSize];

        Assert.Equal(aead.Encrypt(imported, nonce, [], [1]), aead.Encrypt(derived, nonce, [], [1]));
    }

    [Fact]
    public void A_string_counts_as_its_utf_16_code_units()
    {
        Assert.Equal(
            Cheap.DeriveBytes(Encoding.Unicode.GetBytes("pässword"), Salt, 32),
            Cheap.DeriveBytes("pässword", Salt, 32));
    }

    [Fact]
    public void Every_input_changes_the_result()
    {
        var derived = Cheap.DeriveBytes("passphrase"u8, Salt, 32);
        var otherSalt = Salt.ToArray();
        otherSalt[15] ^= 1;

        Assert.NotEqual(derived, Cheap.DeriveBytes("passphrasf"u8, Salt, 32));
        Assert.NotEqual(derived, Cheap.DeriveBytes("passphrase"u8, otherSalt, 32));
        Assert.Equal(derived, Cheap.DeriveBytes("passphrase"u8, Salt, 32));
    }

    [Theory]
    [InlineData(2, 64, 1)]
    [InlineData(0, 64, 1)]
    [InlineData(1, 7, 1)]
    [InlineData(1, 64, 0)]
    [InlineData(1, 64, 1L << 32)]
    public void Parameters_that_libsodium_cannot_honour_are_refused(int lanes, long memoryKiB, long passes)
    {
        Assert.Throws<ArgumentException>(() => PasswordBasedKeyDerivationAlgorithm.Argon2id(
            new Argon2Parameters
            {
                DegreeOfParallelism = lanes,
                MemorySize = memoryKiB,
                NumberOfPasses = passes,
            }));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(17)]
    public void A_salt_of_another_length_is_an_error(int length)
    {
        Assert.Throws<ArgumentException>("salt", () => Cheap.DeriveBytes("x"u8, new byte[length], 32));
    }

    [Fact]
    public void A_count_out_of_range_is_an_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>("count", () => Cheap.DeriveBytes("x"u8, Salt, -1));
    }
}
