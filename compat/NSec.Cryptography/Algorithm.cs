using NSec.Cryptography.Native;

namespace NSec.Cryptography;

/// <summary>What every algorithm has in common: libsodium is ready before one exists.</summary>
public abstract class Algorithm
{
    private protected Algorithm()
    {
        LibsodiumLibrary.Initialize();
    }

    /// <summary>
    /// The bytes a secret key is made from; they are also its raw blob and the start of its memory.
    /// </summary>
    internal virtual int SeedSize
        => throw new NotSupportedException("The specified algorithm does not use keys.");

    internal virtual int PublicKeyBlobSize
        => throw new NotSupportedException("The specified algorithm does not use public keys.");

    /// <summary>The one secret blob format the algorithm reads and writes.</summary>
    internal virtual KeyBlobFormat SecretKeyFormat => KeyBlobFormat.None;

    internal virtual SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, out PublicKey? publicKey)
        => throw new NotSupportedException("The specified algorithm does not use keys.");

    internal static ArgumentException FormatNotSupported(KeyBlobFormat format)
        => new($"The key BLOB format '{format}' is not supported by the specified algorithm.", nameof(
            format));

    private protected void RequireOwn(Key key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Algorithm != this)
        {
            throw new ArgumentException(
                "Cannot use a key created for a different algorithm instance.", nameof(key));
        }
    }
}
