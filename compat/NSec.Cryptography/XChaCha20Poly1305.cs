using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03); its nonce is long enough to be drawn at random.
/// </summary>
public sealed class XChaCha20Poly1305 : AeadAlgorithm
{
    public XChaCha20Poly1305()
        : base(keySize: 32, nonceSize: 24, tagSize: 16)
    {
    }

    private protected override void EncryptCore(
        SecureMemoryHandle key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext)
        => _ = Libsodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            ciphertext, 0, plaintext, (ulong)plaintext.Length, associatedData, (ulong)associatedData.Length,
            0,
            nonce, key);

    private protected override bool DecryptCore(
        SecureMemoryHandle key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> ciphertext,
        Span<byte> plaintext)
        => Libsodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            plaintext, 0, 0, ciphertext, (ulong)ciphertext.Length, associatedData,
            (ulong)associatedData.Length,
            nonce, key) == 0;
}
