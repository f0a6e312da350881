using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Ledger.Crypto;

/// <summary>A SHA-256 hash: of a block, a transaction, a tree.</summary>
public readonly record struct Digest : IComparable<Digest>
{
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A digest has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    public static bool TryParse([NotNullWhen(true)] string? hex, out Digest value)
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

    /// <summary>One bit, counted from the most significant; 0 to 255.</summary>
    public bool BitAt(int position) => ((Word(position / 64) >> (63 - (position % 64))) & 1) == 1;

    /// <summary>Four bits, counted from the most significant; 0 to 63.</summary>
    public int NibbleAt(int position) => (int)(Word(position / 16) >> (60 - (4 * (position % 16)))) & 0xf;

    /// <summary>The same but for four bits; positions as in <see cref="NibbleAt"/>.</summary>
    public Digest WithNibble(int position, int nibble)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        ref var both = ref bytes[position / 2];
        both = (byte)(position % 2 == 0 ? (nibble << 4) | (both & 0x0f) : (both & 0xf0) | nibble);
        return new(bytes);
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
    public int CompareTo(Digest other)
        => _a != other._a ? _a.CompareTo(other._a)
            : _b != other._b ? _b.CompareTo(other._b)
            : _c != other._c ? _c.CompareTo(other._c)
            : _d.CompareTo(other._d);

    public override int GetHashCode() => (int)_d;

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    /// <summary>The hash of nothing yet: the parent of genesis, the root of an empty state tree.</summary>
    public static Digest Zero => default;

    /// <summary>Eight digits: enough for a person to tell two apart.</summary>
    public string ToShortString() => ToString()[..8];

    private ulong Word(int index) => index switch
    {
        0 => _a,
        1 => _b,
        2 => _c,
        _ => _d,
    };
}
