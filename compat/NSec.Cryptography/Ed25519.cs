using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>
/// Ed25519 (RFC 8032). Verification is libsodium's strict one: a scalar S that is not reduced, a small-order
/// or non-canonical public key and a small-order R are refused.
/// </summary>
public sealed class Ed25519 : SignatureAlgorithm
{
    private const int SeedBytes = 32;
    private const int PublicKeyBytes = 32;

    // libsodium's secret key is the seed followed by the public key: signing never takes the public key from
    // outside, where a wrong one would leak the secret.
    private const int SecretKeyBytes = 64;
    private const int SignatureBytes = 64;

    public Ed25519()
        : base(SeedBytes, PublicKeyBytes, SignatureBytes)
    {
    }

    internal override int SeedSize => SeedBytes;

    internal override KeyBlobFormat SecretKeyFormat => KeyBlobFormat.RawPrivateKey;

    internal override SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, out PublicKey? publicKey)
    {
        Span<byte> publicKeyBytes = stackalloc byte[PublicKeyBytes];
        var secretKey = SecureMemoryHandle.Allocate(SecretKeyBytes);
        _ = Libsodium.crypto_sign_ed25519_seed_keypair(publicKeyBytes, secretKey, seed);
        secretKey.Seal();
        publicKey = new PublicKey(this, publicKeyBytes);
        return secretKey;
    }

    private protected override void SignCore(
        SecureMemoryHandle key, ReadOnlySpan<byte> data, Span<byte> signature)
        => _ = Libsodium.crypto_sign_ed25519_detached(signature, 0, data, (ulong)data.Length, key);

    private protected override bool VerifyCore(
        PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
        => Libsodium.crypto_sign_ed25519_verify_detached(
            signature, data, (ulong)data.Length, publicKey.Bytes) == 0;
}
