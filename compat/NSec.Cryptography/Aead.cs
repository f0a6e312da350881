namespace NSec.Cryptography;

public abstract class AeadAlgorithm : Algorithm
{
    private protected AeadAlgorithm()
    {
    }

    public static XChaCha20Poly1305 XChaCha20Poly1305 { get; } = new();

    public abstract int NonceSize { get; }

    public abstract int TagSize { get; }

    public abstract byte[] Encrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext);

    /// <returns>Null when the ciphertext is not authentic.</returns>
    public abstract byte[]? Decrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext);
}

/// <summary>XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) over libsodium.</summary>
public sealed class XChaCha20Poly1305 : AeadAlgorithm
{
    internal XChaCha20Poly1305()
    {
    }

    public override int NonceSize => 24;

    public override int TagSize => 16;

    public override byte[] Encrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfNot(NonceSize, nonce.Length);
        var ciphertext = new byte[plaintext.Length + TagSize];
        _ = Sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            ciphertext, out _, plaintext, (ulong)plaintext.Length, associatedData, (ulong)associatedData.Length, 0,
            nonce, key.Secret);
        return ciphertext;
    }

    public override byte[]? Decrypt(
        Key key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (nonce.Length != NonceSize || ciphertext.Length < TagSize)
        {
            return null;
        }

        var plaintext = new byte[ciphertext.Length - TagSize];
        return Sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            plaintext, out _, 0, ciphertext, (ulong)ciphertext.Length, associatedData, (ulong)associatedData.Length,
            nonce, key.Secret) == 0
            ? plaintext
            : null;
    }

    private static void ThrowIfNot(int expected, int actual)
    {
        if (actual != expected)
        {
            throw new ArgumentException("The nonce has the wrong length.");
        }
    }
}
