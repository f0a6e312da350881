using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NSec.Cryptography;

/// <summary>
/// Keys from passwords. A password given as a string counts as its UTF-16 code units; whoever wants UTF-8
/// passes the bytes.
/// </summary>
public abstract class PasswordBasedKeyDerivationAlgorithm : Algorithm
{
    private protected PasswordBasedKeyDerivationAlgorithm(int saltSize, int maxCount)
    {
        MinSaltSize = saltSize;
        MaxSaltSize = saltSize;
        MaxCount = maxCount;
    }

    public int MaxCount { get; }

    public int MaxSaltSize { get; }

    public int MinSaltSize { get; }

    public static Argon2id Argon2id(in Argon2Parameters parameters) => new(in parameters);

    public byte[] DeriveBytes(string password, ReadOnlySpan<byte> salt, int count)
        => DeriveBytes(CodeUnits(password), salt, count);

    public void DeriveBytes(string password, ReadOnlySpan<byte> salt, Span<byte> bytes)
        => DeriveBytes(CodeUnits(password), salt, bytes);

    public Key DeriveKey(
        string password,
        ReadOnlySpan<byte> salt,
        Algorithm algorithm,
        in KeyCreationParameters creationParameters = default)
        => DeriveKey(CodeUnits(password), salt, algorithm, in creationParameters);

    public byte[] DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int count)
    {
        RequireSaltSize(salt);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        var bytes = new byte[count];
        DeriveBytes(password, salt, bytes);
        return bytes;
    }

    public void DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes)
    {
        RequireSaltSize(salt);
        if (!bytes.IsEmpty && !TryDeriveBytesCore(password, salt, bytes))
        {
            throw new CryptographicException(
                "The password-based key derivation failed; most likely its memory could not be allocated.");
        }
    }

    public Key DeriveKey(
        ReadOnlySpan<byte> password,
        ReadOnlySpan<byte> salt,
        Algorithm algorithm,
        in KeyCreationParameters creationParameters = default)
    {
        RequireSaltSize(salt);
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> seed = stackalloc byte[algorithm.SeedSize];
        try
        {
            DeriveBytes(password, salt, seed);
            return new Key(algorithm, seed, in creationParameters);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    private protected abstract bool TryDeriveBytesCore(
        ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes);

    private static ReadOnlySpan<byte> CodeUnits(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return MemoryMarshal.AsBytes(password.AsSpan());
    }

    private void RequireSaltSize(ReadOnlySpan<byte> salt)
    {
        if (salt.Length < MinSaltSize || salt.Length > MaxSaltSize)
        {
            throw new ArgumentException(
                $"The length of the salt must be equal to {MinSaltSize}.", nameof(salt));
        }
    }
}
