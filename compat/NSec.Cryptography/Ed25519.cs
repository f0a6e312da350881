namespace NSec.Cryptography;

public abstract class SignatureAlgorithm : Algorithm
{
    private protected SignatureAlgorithm()
    {
    }

    public static Ed25519 Ed25519 { get; } = new();

    public abstract int SignatureSize { get; }

    public abstract void Sign(Key key, ReadOnlySpan<byte> data, Span<byte> signature);

    public abstract bool Verify(PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    public byte[] Sign(Key key, ReadOnlySpan<byte> data)
    {
        var signature = new byte[SignatureSize];
        Sign(key, data, signature);
        return signature;
    }
}

/// <summary>Ed25519 (RFC 8032) over libsodium, whose verification is strict: small-order keys and S ≥ L are refused.</summary>
public sealed class Ed25519 : SignatureAlgorithm
{
    internal Ed25519()
    {
    }

    public override int SignatureSize => 64;

    public int PublicKeySize => 32;

    public int PrivateKeySize => 32;

    public override void Sign(Key key, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (signature.Length != SignatureSize)
        {
            throw new ArgumentException("The signature has the wrong length.", nameof(signature));
        }

        _ = Sodium.crypto_sign_ed25519_detached(signature, 0, data, (ulong)data.Length, key.Secret);
    }

    public override bool Verify(PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        return signature.Length == SignatureSize
            && Sodium.crypto_sign_ed25519_verify_detached(signature, data, (ulong)data.Length, publicKey.Bytes) == 0;
    }
}
