using System.Security.Cryptography;
using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>
/// A symmetric key or a key pair; the secret is in guarded memory until the key is disposed.
/// </summary>
public sealed class Key : IDisposable
{
    private readonly PublicKey? _publicKey;

    private bool _archived;

    public Key(Algorithm algorithm, in KeyCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> seed = stackalloc byte[algorithm.SeedSize];
        try
        {
            RandomNumberGenerator.Fill(seed);
            Handle = algorithm.CreateKey(seed, out _publicKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }

        Algorithm = algorithm;
        ExportPolicy = creationParameters.ExportPolicy;
    }

    internal Key(Algorithm algorithm, ReadOnlySpan<byte> seed, in KeyCreationParameters creationParameters)
    {
        Handle = algorithm.CreateKey(seed, out _publicKey);
        Algorithm = algorithm;
        ExportPolicy = creationParameters.ExportPolicy;
    }

    public Algorithm Algorithm { get; }

    public KeyExportPolicies ExportPolicy { get; }

    public bool HasPublicKey => _publicKey is not null;

    public PublicKey PublicKey
        => _publicKey ?? throw new InvalidOperationException("The key does not have a public key.");

    public int Size => Algorithm.SeedSize;

    internal SecureMemoryHandle Handle { get; }

    public static Key Create(Algorithm algorithm, in KeyCreationParameters creationParameters = default)
        => new(algorithm, in creationParameters);

    public static Key Import(
        Algorithm algorithm,
        ReadOnlySpan<byte> blob,
        KeyBlobFormat format,
        in KeyCreationParameters creationParameters = default)
        => TryImport(algorithm, blob, format, out var result, in creationParameters)
            ? result!
            : throw new FormatException("The key BLOB is not in the correct format.");

    public static bool TryImport(
        Algorithm algorithm,
        ReadOnlySpan<byte> blob,
        KeyBlobFormat format,
        out Key? result,
        in KeyCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        var size = algorithm.SeedSize;
        if (format != algorithm.SecretKeyFormat)
        {
            throw Algorithm.FormatNotSupported(format);
        }

        result = blob.Length == size ? new Key(algorithm, blob, in creationParameters) : null;
        return result is not null;
    }

    /// <summary>The secret leaves only when the export policy allows it; the public key always may.</summary>
    public byte[] Export(KeyBlobFormat format)
    {
        if (format == KeyBlobFormat.RawPublicKey && HasPublicKey)
        {
            return PublicKey.Export(format);
        }

        if (format != Algorithm.SecretKeyFormat)
        {
            throw Algorithm.FormatNotSupported(format);
        }

        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        RequireExportable();
        var blob = new byte[Size];
        Handle.CopyTo(blob);
        _archived = true;
        return blob;
    }

    public void Dispose() => Handle.Dispose();

    public override string ToString() => typeof(Key).ToString();

    private void RequireExportable()
    {
        if (ExportPolicy.HasFlag(KeyExportPolicies.AllowPlaintextExport))
        {
            return;
        }

        if (!ExportPolicy.HasFlag(KeyExportPolicies.AllowPlaintextArchiving))
        {
            throw new InvalidOperationException("The key cannot be exported.");
        }

        if (_archived)
        {
            throw new InvalidOperationException("The key can be exported only once.");
        }
    }
}
