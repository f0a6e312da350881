using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NSec.Cryptography;

/// <summary>A public key; its bytes live in the object itself, ready for the native call.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    private readonly Storage _bytes;

    internal PublicKey(Algorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        Algorithm = algorithm;
        bytes.CopyTo(_bytes);
    }

    public Algorithm Algorithm { get; }

    public int Size => Algorithm.PublicKeyBlobSize;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    public static PublicKey Import(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format)
        => TryImport(algorithm, blob, format, out var result)
            ? result!
            : throw new FormatException("The key BLOB is not in the correct format.");

    public static bool TryImport(
        Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format, out PublicKey? result)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        var size = algorithm.PublicKeyBlobSize;
        if (format != KeyBlobFormat.RawPublicKey)
        {
            throw Algorithm.FormatNotSupported(format);
        }

        result = blob.Length == size ? new PublicKey(algorithm, blob) : null;
        return result is not null;
    }

    public byte[] Export(KeyBlobFormat format)
    {
        var blob = new byte[Size];
        _ = TryExport(format, blob, out _);
        return blob;
    }

    public bool TryExport(KeyBlobFormat format, Span<byte> blob, out int blobSize)
    {
        if (format != KeyBlobFormat.RawPublicKey)
        {
            throw Algorithm.FormatNotSupported(format);
        }

        blobSize = Size;
        return Bytes.TryCopyTo(blob);
    }

    public bool Equals(PublicKey? other)
        => other is not null && other.Algorithm == Algorithm && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    // A peer chooses its keys, so all their bytes are mixed under a seed that only this process knows.
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public override string ToString() => typeof(PublicKey).ToString();

    [InlineArray(32)]
    [StructLayout(LayoutKind.Sequential)]
    private struct Storage
    {
        private byte _element0;
    }
}
