using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Ledger.Crypto;

/// <summary>An Ed25519 public key: the name of a validator or an account.</summary>
public readonly record struct PublicKey : IComparable<PublicKey>
{
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public PublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A public key has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    public static bool TryParse([NotNullWhen(true)] string? hex, out PublicKey value)
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
        BinaryPrimitives.WriteUInt64BigEndian(target, _a);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], _d);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>As the bytes compare.</summary>
    public int CompareTo(PublicKey other)
        => _a != other._a ? _a.CompareTo(other._a)
            : _b != other._b ? _b.CompareTo(other._b)
            : _c != other._c ? _c.CompareTo(other._c)
            : _d.CompareTo(other._d);

    public override int GetHashCode() => (int)_d;

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
