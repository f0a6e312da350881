using NSec.Cryptography;

namespace Ledger.Crypto;

/// <summary>
/// The one equation by which signatures are checked, everywhere: verifiers that differ on crafted signatures
/// would split the chain. A key that is no key is a signature that is not valid, never an exception.
/// </summary>
public static class Ed25519Verifier
{
    public static bool Verify(in PublicKey key, ReadOnlySpan<byte> message, in Signature signature)
        => VerifierKey.TryImport(key) is { } imported && imported.Verify(message, signature);
}

/// <summary>A public key imported once, for whoever checks many signatures of one signer.</summary>
public sealed class VerifierKey
{
    private readonly NSec.Cryptography.PublicKey _key;

    private VerifierKey(NSec.Cryptography.PublicKey key) => _key = key;

    public static VerifierKey? TryImport(in PublicKey key)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        key.CopyTo(bytes);
        return NSec.Cryptography.PublicKey.TryImport(
            SignatureAlgorithm.Ed25519, bytes, KeyBlobFormat.RawPublicKey, out var imported)
            && imported is not null
            ? new(imported)
            : null;
    }

    public bool Verify(ReadOnlySpan<byte> message, in Signature signature)
    {
        Span<byte> bytes = stackalloc byte[Signature.Size];
        signature.CopyTo(bytes);
        return SignatureAlgorithm.Ed25519.Verify(_key, message, bytes);
    }
}
