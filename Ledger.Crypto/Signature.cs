using System.Diagnostics.CodeAnalysis;

namespace Ledger.Crypto;

/// <summary>An Ed25519 signature.</summary>
public readonly record struct Signature
{
    public const int Size = 64;

    private readonly Digest _first;
    private readonly Digest _second;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public Signature(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A signature has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _first = new(bytes[..Digest.Size]);
        _second = new(bytes[Digest.Size..]);
    }

    public static bool TryParse([NotNullWhen(true)] string? hex, out Signature value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (hex?.Length == 2 * Size && Hex.TryDecode(hex, bytes))
        {
            value = new(bytes);
            return true;
        }

        value = default;
        return false;
    }

    public void CopyTo(Span<byte> target)
    {
        _first.CopyTo(target);
        _second.CopyTo(target[Digest.Size..]);
    }

    /// <summary>128 lowercase hexadecimal digits.</summary>
    public override string ToString() => _first.ToString() + _second;
}
