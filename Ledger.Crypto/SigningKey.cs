using NSec.Cryptography;

namespace Ledger.Crypto;

/// <summary>An Ed25519 secret key. Its bytes are zeroed when it is disposed.</summary>
public sealed class SigningKey : IDisposable
{
    public const int SeedSize = 32;

    private readonly Key _key;

    private SigningKey(Key key)
    {
        _key = key;
        PublicKey = new(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    public PublicKey PublicKey { get; }

    public static SigningKey Generate() => new(Key.Create(SignatureAlgorithm.Ed25519, Exportable()));

    /// <param name="seed">Exactly <see cref="SeedSize"/> bytes (RFC 8032 §5.1.5).</param>
    public static SigningKey FromSeed(ReadOnlySpan<byte> seed)
        => new(Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, Exportable()));

    public Signature Sign(ReadOnlySpan<byte> message)
    {
        Span<byte> signature = stackalloc byte[Signature.Size];
        SignatureAlgorithm.Ed25519.Sign(_key, message, signature);
        return new(signature);
    }

    /// <summary>The secret itself: the caller zeroes it.</summary>
    public byte[] ExportSeed() => _key.Export(KeyBlobFormat.RawPrivateKey);

    public void Dispose() => _key.Dispose();

    private static KeyCreationParameters Exportable()
        => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };
}
