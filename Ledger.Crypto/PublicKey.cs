using System.Diagnostics.CodeAnalysis;

namespace Ledger.Crypto;

/// <summary>An Ed25519 public key: the name of a validator or an account.</summary>
public readonly record struct PublicKey : IComparable<PublicKey>
{
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public PublicKey(ReadOnlySpan<byte> bytes) => _bytes = new(bytes, "A public key");

    /// <summary>Whether nobody can sign under it, however well its bytes look.</summary>
    public bool IsWeak => WeakKeys.Contain(this);

    public static bool TryParse([NotNullWhen(true)] string? hex, out PublicKey value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var isOne = Bytes32.TryParse(hex, bytes);
        value = isOne ? new(bytes) : default;
        return isOne;
    }

    public void CopyTo(Span<byte> target) => _bytes.CopyTo(target);

    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>As the bytes compare.</summary>
    public int CompareTo(PublicKey other) => _bytes.CompareTo(other._bytes);

    public override int GetHashCode() => _bytes.GetHashCode();

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public override string ToString() => _bytes.ToString();
}
