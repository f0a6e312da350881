using System.Diagnostics.CodeAnalysis;

namespace Ledger.Crypto;

/// <summary>A SHA-256 hash: of a block, a transaction, a tree.</summary>
public readonly record struct Digest : IComparable<Digest>
{
    public const int Size = Bytes32.Size;

    private readonly Bytes32 _bytes;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    public Digest(ReadOnlySpan<byte> bytes) => _bytes = new(bytes, "A digest");

    public static bool TryParse([NotNullWhen(true)] string? hex, out Digest value)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var isOne = Bytes32.TryParse(hex, bytes);
        value = isOne ? new(bytes) : default;
        return isOne;
    }

    /// <summary>The hash of nothing yet: the parent of genesis, the root of an empty state tree.</summary>
    public static Digest Zero => default;

    /// <summary>One bit, counted from the most significant; 0 to 255.</summary>
    public bool BitAt(int position) => ((_bytes.Word(position / 64) >> (63 - (position % 64))) & 1) == 1;

    /// <summary>Four bits, counted from the most significant; 0 to 63.</summary>
    public int NibbleAt(int position)
        => (int)(_bytes.Word(position / 16) >> (60 - (4 * (position % 16)))) & 0xf;

    /// <summary>The same but for four bits; positions as in <see cref="NibbleAt"/>.</summary>
    public Digest WithNibble(int position, int nibble)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        ref var both = ref bytes[position / 2];
        both = (byte)(position % 2 == 0 ? (nibble << 4) | (both & 0x0f) : (both & 0xf0) | nibble);
        return new(bytes);
    }

    public void CopyTo(Span<byte> target) => _bytes.CopyTo(target);

    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>As the bytes compare.</summary>
    public int CompareTo(Digest other) => _bytes.CompareTo(other._bytes);

    public override int GetHashCode() => _bytes.GetHashCode();

    /// <summary>64 lowercase hexadecimal digits.</summary>
    public override string ToString() => _bytes.ToString();

    /// <summary>Eight digits: enough for a person to tell two apart.</summary>
    public string ToShortString() => ToString()[..8];
}
