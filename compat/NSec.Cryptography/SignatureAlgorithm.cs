using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>A digital signature algorithm.</summary>
public abstract class SignatureAlgorithm : Algorithm
{
    private static readonly Lazy<Ed25519> Only = new(static () => new());

    private protected SignatureAlgorithm(int privateKeySize, int publicKeySize, int signatureSize)
    {
        PrivateKeySize = privateKeySize;
        PublicKeySize = publicKeySize;
        SignatureSize = signatureSize;
    }

    public static Ed25519 Ed25519 => Only.Value;

    public int PrivateKeySize { get; }

    public int PublicKeySize { get; }

    public int SignatureSize { get; }

    internal override int PublicKeyBlobSize => PublicKeySize;

    public byte[] Sign(Key key, ReadOnlySpan<byte> data)
    {
        RequireOwn(key);
        var signature = new byte[SignatureSize];
        SignCore(key.Handle, data, signature);
        return signature;
    }

    public void Sign(Key key, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        RequireOwn(key);
        if (signature.Length != SignatureSize)
        {
            throw new ArgumentException(
                $"The signature must have a length of {SignatureSize} bytes.", nameof(signature));
        }

        SignCore(key.Handle, data, signature);
    }

    /// <summary>A signature of the wrong length is a wrong signature, not an error.</summary>
    public bool Verify(PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (publicKey.Algorithm != this)
        {
            throw new ArgumentException(
                "Cannot use a public key created for a different algorithm instance.", nameof(publicKey));
        }

        return signature.Length == SignatureSize && VerifyCore(publicKey, data, signature);
    }

    private protected abstract void SignCore(
        SecureMemoryHandle key, ReadOnlySpan<byte> data, Span<byte> signature);

    private protected abstract bool VerifyCore(
        PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}
