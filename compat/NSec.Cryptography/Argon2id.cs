using System.Text;

namespace NSec.Cryptography;

public struct Argon2Parameters
{
    /// <summary>Must be 1: libsodium has no other.</summary>
    public int DegreeOfParallelism { get; set; }

    /// <summary>In KiB.</summary>
    public long MemorySize { get; set; }

    public long NumberOfPasses { get; set; }
}

public abstract class PasswordBasedKeyDerivationAlgorithm : Algorithm
{
    private protected PasswordBasedKeyDerivationAlgorithm()
    {
    }

    public static Argon2id Argon2id(in Argon2Parameters parameters) => new(parameters);

    public abstract byte[] DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int count);

    public Key DeriveKey(
        string password, ReadOnlySpan<byte> salt, Algorithm algorithm, in KeyCreationParameters creationParameters = default)
    {
        var bytes = DeriveBytes(Encoding.UTF8.GetBytes(password), salt, 32);
        var key = Key.Import(algorithm, bytes, KeyBlobFormat.RawSymmetricKey, creationParameters);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}

/// <summary>Argon2id version 1.3 (RFC 9106) over libsodium.</summary>
public sealed class Argon2id : PasswordBasedKeyDerivationAlgorithm
{
    private const int Algorithm13 = 2;

    private readonly Argon2Parameters _parameters;

    internal Argon2id(in Argon2Parameters parameters)
    {
        if (parameters.DegreeOfParallelism != 1 || parameters.MemorySize < 8 || parameters.NumberOfPasses < 1)
        {
            throw new ArgumentException("The Argon2id parameters are not supported.", nameof(parameters));
        }

        _parameters = parameters;
    }

    public int SaltSize => 16;

    public override byte[] DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int count)
    {
        if (salt.Length != SaltSize)
        {
            throw new ArgumentException("The salt has the wrong length.", nameof(salt));
        }

        var bytes = new byte[count];
        return Sodium.crypto_pwhash(
            bytes, (ulong)count, password, (ulong)password.Length, salt, (ulong)_parameters.NumberOfPasses,
            (nuint)(_parameters.MemorySize * 1024), Algorithm13) == 0
            ? bytes
            : throw new InvalidOperationException("Argon2id could not get its memory.");
    }
}
