using System.Security.Cryptography;
using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>Argon2id (RFC 9106) as libsodium has it: one lane, no secret and no associated data.</summary>
public sealed class Argon2id : PasswordBasedKeyDerivationAlgorithm
{
    private const int SaltBytes = 16;
    private const int OutputBytesMin = 16;
    private const long MemoryKiBMin = 8;
    private const long MemoryKiBMax = 4398046510080 / 1024;

    private readonly ulong _opsLimit;
    private readonly nuint _memLimit;

    public Argon2id(in Argon2Parameters parameters)
        : base(SaltBytes, maxCount: int.MaxValue)
    {
        if (parameters.DegreeOfParallelism != 1
            || parameters.MemorySize is < MemoryKiBMin or > MemoryKiBMax
            || parameters.NumberOfPasses is < 1 or > uint.MaxValue)
        {
            throw new ArgumentException(
                "The specified Argon2 parameters are out of the range of valid values.", nameof(parameters));
        }

        _opsLimit = (ulong)parameters.NumberOfPasses;
        _memLimit = (nuint)(parameters.MemorySize * 1024);
    }

    private protected override bool TryDeriveBytesCore(
        ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes)
    {
        if (bytes.Length >= OutputBytesMin)
        {
            return TryHash(password, salt, bytes);
        }

        // libsodium makes no tag under 16 bytes. The package cuts a longer one, and so do we: not RFC 9106's
        // tag.
        Span<byte> shortest = stackalloc byte[OutputBytesMin];
        var derived = TryHash(password, salt, shortest);
        shortest[..bytes.Length].CopyTo(bytes);
        CryptographicOperations.ZeroMemory(shortest);
        return derived;
    }

    private bool TryHash(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> output)
        => Libsodium.crypto_pwhash_argon2id(
            output, (ulong)output.Length, password, (ulong)password.Length, salt, _opsLimit, _memLimit,
            Libsodium.Argon2idAlg13) == 0;
}
