using System.Security.Cryptography;

namespace NSec.Cryptography;

public enum KeyBlobFormat
{
    None = 0,
    RawSymmetricKey = -1,
    RawPrivateKey = -2,
    RawPublicKey = 1,
}

[Flags]
public enum KeyExportPolicies
{
    None = 0,
    AllowPlaintextExport = 1,
    AllowPlaintextArchiving = 2,
}

public struct KeyCreationParameters
{
    public KeyExportPolicies ExportPolicy { get; set; }
}

public abstract class Algorithm
{
    private protected Algorithm()
    {
    }
}

/// <summary>An imported Ed25519 public key.</summary>
public sealed class PublicKey
{
    private readonly byte[] _bytes;

    internal PublicKey(Algorithm algorithm, byte[] bytes)
    {
        Algorithm = algorithm;
        _bytes = bytes;
    }

    public Algorithm Algorithm { get; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    public static PublicKey Import(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format)
        => TryImport(algorithm, blob, format, out var result)
            ? result
            : throw new FormatException("The key BLOB is not in the correct format.");

    public static bool TryImport(
        Algorithm algorithm,
        ReadOnlySpan<byte> blob,
        KeyBlobFormat format,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublicKey? result)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        result = format == KeyBlobFormat.RawPublicKey && blob.Length == 32 ? new(algorithm, blob.ToArray()) : null;
        return result is not null;
    }

    public byte[] Export(KeyBlobFormat format)
        => format == KeyBlobFormat.RawPublicKey
            ? _bytes.ToArray()
            : throw new ArgumentException("Unsupported format.", nameof(format));
}

/// <summary>A secret key; its bytes are zeroed when it is disposed.</summary>
public sealed class Key : IDisposable
{
    private readonly byte[] _secret;
    private readonly KeyExportPolicies _policy;
    private bool _disposed;

    private Key(Algorithm algorithm, byte[] secret, PublicKey? publicKey, KeyExportPolicies policy)
    {
        Algorithm = algorithm;
        _secret = secret;
        _policy = policy;
        PublicKeyOrNull = publicKey;
    }

    public Algorithm Algorithm { get; }

    public PublicKey PublicKey => PublicKeyOrNull ?? throw new InvalidOperationException("A symmetric key has no public key.");

    private PublicKey? PublicKeyOrNull { get; }

    internal ReadOnlySpan<byte> Secret
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _secret;
        }
    }

    public static Key Create(Algorithm algorithm, in KeyCreationParameters creationParameters = default)
    {
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        var format = algorithm is Ed25519 ? KeyBlobFormat.RawPrivateKey : KeyBlobFormat.RawSymmetricKey;
        var key = Import(algorithm, seed, format, creationParameters);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    public static Key Import(
        Algorithm algorithm,
        ReadOnlySpan<byte> blob,
        KeyBlobFormat format,
        in KeyCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (blob.Length != 32)
        {
            throw new FormatException("The key BLOB is not in the correct format.");
        }

        if (algorithm is not Ed25519)
        {
            return new(algorithm, blob.ToArray(), null, creationParameters.ExportPolicy);
        }

        var secret = GC.AllocateArray<byte>(64, pinned: true);
        var publicKey = new byte[32];
        Sodium.crypto_sign_ed25519_seed_keypair(publicKey, secret, blob);
        return new(algorithm, secret, new(algorithm, publicKey), creationParameters.ExportPolicy);
    }

    public byte[] Export(KeyBlobFormat format)
    {
        if (format == KeyBlobFormat.RawPublicKey)
        {
            return PublicKey.Export(format);
        }

        return _policy != KeyExportPolicies.None
            ? Secret[..32].ToArray()
            : throw new InvalidOperationException("The export of the key is not allowed by its export policy.");
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _disposed = true;
    }
}
