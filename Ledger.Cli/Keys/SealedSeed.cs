using System.Security.Cryptography;

namespace Ledger.Cli.Keys;

/// <summary>A seed under a passphrase: PBKDF2 with HMAC-SHA-256 makes the key, AES-256-GCM seals.</summary>
internal static class SealedSeed
{
    /// <summary>OWASP's figure for PBKDF2-HMAC-SHA256: a fifth of a second here, and for each guess.</summary>
    private const int Iterations = 600_000;

    /// <summary>A file may ask for more work than we would, but not for hours of it.</summary>
    private const int IterationsMax = 10_000_000;

    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;

    public static Box Seal(ReadOnlySpan<byte> seed, string passphrase)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var cipher = new byte[seed.Length];
        var tag = new byte[TagBytes];
        using var aes = CipherOf(passphrase, salt, Iterations);
        aes.Encrypt(nonce, seed, cipher, tag);
        return new("pbkdf2-sha256+aes-256-gcm", Iterations, salt, nonce, cipher, tag);
    }

    /// <returns>Null when the passphrase is another one, or the file was altered.</returns>
    public static byte[]? Open(Box box, string passphrase)
    {
        if (box.Iterations is < 1 or > IterationsMax || box.Nonce.Length != NonceBytes || box.Tag.Length != TagBytes)
        {
            return null;
        }

        var seed = new byte[box.Cipher.Length];
        using var aes = CipherOf(passphrase, box.Salt, box.Iterations);
        try
        {
            aes.Decrypt(box.Nonce, box.Cipher, box.Tag, seed);
            return seed;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static AesGcm CipherOf(string passphrase, byte[] salt, int iterations)
    {
        var key = Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, iterations, HashAlgorithmName.SHA256, KeyBytes);
        AesGcm aes = new(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return aes;
    }

    internal sealed record Box(string Method, int Iterations, byte[] Salt, byte[] Nonce, byte[] Cipher, byte[] Tag);
}
