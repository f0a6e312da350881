using System.Buffers.Binary;

namespace Ledger.Crypto;

/// <summary>
/// Thirty-two bytes by value, as <see cref="Digest"/> and <see cref="PublicKey"/> hold them: in four words,
/// so that they are compared and copied without an array.
/// </summary>
internal readonly record struct Bytes32 : IComparable<Bytes32>
{
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <param name="what">What they are meant to be.</param>
    public Bytes32(ReadOnlySpan<byte> bytes, string what)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"{what} has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Reads exactly 64 hexadecimal digits into a buffer of the caller's.</summary>
    public static bool TryParse(string? hex, Span<byte> bytes)
        => hex?.Length == 2 * Size && Hex.TryDecode(hex, bytes);

    /// <summary>Eight bytes, most significant first; 0 to 3.</summary>
    public ulong Word(int index) => index switch
    {
        0 => _a,
        1 => _b,
        2 => _c,
        _ => _d,
    };

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
    public int CompareTo(Bytes32 other)
        => _a != other._a ? _a.CompareTo(other._a)
            : _b != other._b ? _b.CompareTo(other._b)
            : _c != other._c ? _c.CompareTo(other._c)
            : _d.CompareTo(other._d);

    public override int GetHashCode() => (int)_d;

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
