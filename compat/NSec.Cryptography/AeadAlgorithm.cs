using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>Authenticated encryption with associated data; the tag follows the ciphertext.</summary>
public abstract class AeadAlgorithm : Algorithm
{
    private static readonly Lazy<XChaCha20Poly1305> Only = new(static () => new());

    private protected AeadAlgorithm(int keySize, int nonceSize, int tagSize)
    {
        KeySize = keySize;
        NonceSize = nonceSize;
        TagSize = tagSize;
    }

    public static XChaCha20Poly1305 XChaCha20Poly1305 => Only.Value;

    public int KeySize { get; }

    public int NonceSize { get; }

    public int TagSize { get; }

    internal override int SeedSize => KeySize;

    internal override KeyBlobFormat SecretKeyFormat => KeyBlobFormat.RawSymmetricKey;

    public byte[] Encrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        RequireOwn(key);
        RequireNonceSize(nonce);
        if (plaintext.Length > int.MaxValue - TagSize)
        {
            throw new ArgumentException("The plaintext is too long.", nameof(plaintext));
        }

        var ciphertext = new byte[plaintext.Length + TagSize];
        EncryptCore(key.Handle, nonce, associatedData, plaintext, ciphertext);
        return ciphertext;
    }

    public void Encrypt(
        Key key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext)
    {
        RequireOwn(key);
        RequireNonceSize(nonce);
        if (ciphertext.Length - TagSize != plaintext.Length)
        {
            throw new ArgumentException(
                "The length of the ciphertext must be equal to the length of the plaintext plus the tag "
                + "size.",
                nameof(ciphertext));
        }

        EncryptCore(key.Handle, nonce, associatedData, plaintext, ciphertext);
    }

    /// <returns>The plaintext, or null when the ciphertext is not what the key's owner wrote.</returns>
    public byte[]? Decrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext)
    {
        RequireOwn(key);
        RequireNonceSize(nonce);
        if (ciphertext.Length < TagSize)
        {
            return null;
        }

        var plaintext = new byte[ciphertext.Length - TagSize];
        return DecryptCore(key.Handle, nonce, associatedData, ciphertext, plaintext) ? plaintext : null;
    }

    public bool Decrypt(
        Key key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> ciphertext,
        Span<byte> plaintext)
    {
        RequireOwn(key);
        RequireNonceSize(nonce);
        if (ciphertext.Length < TagSize)
        {
            return false;
        }

        if (plaintext.Length != ciphertext.Length - TagSize)
        {
            throw new ArgumentException(
                "The length of the plaintext must be equal to the length of the ciphertext minus the tag "
                + "size.",
                nameof(plaintext));
        }

        return DecryptCore(key.Handle, nonce, associatedData, ciphertext, plaintext);
    }

    internal override SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, out PublicKey? publicKey)
    {
        publicKey = null;
        return SecureMemoryHandle.CopyOf(seed);
    }

    private protected abstract void EncryptCore(
        SecureMemoryHandle key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext);

    private protected abstract bool DecryptCore(
        SecureMemoryHandle key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> ciphertext,
        Span<byte> plaintext);

    private void RequireNonceSize(ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length != NonceSize)
        {
            throw new ArgumentException(
                $"The nonce must have a length of '{NonceSize}' bytes.", nameof(nonce));
        }
    }
}
