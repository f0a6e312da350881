using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace MessagePack;

/// <summary>
/// Reads MessagePack values from a sequence of bytes. Too few bytes is an <see cref="EndOfStreamException"/>,
/// another format a <see cref="MessagePackSerializationException"/>, a number that does not fit an
/// <see cref="OverflowException"/>. It does not insist on shortest forms: an integer of any width that fits
/// is taken, and a string where bytes are asked for, so a canonical decoder must encode again and compare.
/// </summary>
public ref struct MessagePackReader
{
    private SequenceReader<byte> _reader;

    public MessagePackReader(ReadOnlyMemory<byte> memory)
        => _reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(memory));

    public MessagePackReader(in ReadOnlySequence<byte> readOnlySequence)
        => _reader = new SequenceReader<byte>(readOnlySequence);

    public readonly ReadOnlySequence<byte> Sequence => _reader.Sequence;

    public readonly SequencePosition Position => _reader.Position;

    public readonly long Consumed => _reader.Consumed;

    public readonly bool End => _reader.End;

    public readonly bool IsNil => NextCode == MessagePackCode.Nil;

    public readonly MessagePackType NextMessagePackType => MessagePackCode.ToMessagePackType(NextCode);

    /// <summary>The byte that says what comes next; it is not consumed.</summary>
    public readonly byte NextCode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (!_reader.TryPeek(out var code))
            {
                ThrowEndOfStream();
            }

            return code;
        }
    }

    public readonly MessagePackReader Clone(in ReadOnlySequence<byte> readOnlySequence)
        => new(readOnlySequence);

    /// <summary>A second reader at the same place, to look ahead with.</summary>
    public readonly MessagePackReader CreatePeekReader() => this;

    public Nil ReadNil()
    {
        if (!TryReadNil())
        {
            ThrowUnexpected(NextCode);
        }

        return Nil.Default;
    }

    public bool TryReadNil()
    {
        if (NextCode != MessagePackCode.Nil)
        {
            return false;
        }

        _reader.Advance(1);
        return true;
    }

    public bool ReadBoolean()
    {
        var code = NextCode;
        if (code is not (MessagePackCode.True or MessagePackCode.False))
        {
            ThrowUnexpected(code);
        }

        _reader.Advance(1);
        return code == MessagePackCode.True;
    }

    public byte ReadByte() => checked((byte)ReadUInt64());

    public ushort ReadUInt16() => checked((ushort)ReadUInt64());

    public uint ReadUInt32() => checked((uint)ReadUInt64());

    public ulong ReadUInt64()
    {
        var bits = ReadInteger(out var isNegative);
        return isNegative ? throw new OverflowException() : bits;
    }

    public sbyte ReadSByte() => checked((sbyte)ReadInt64());

    public short ReadInt16() => checked((short)ReadInt64());

    public int ReadInt32() => checked((int)ReadInt64());

    public long ReadInt64()
    {
        var bits = ReadInteger(out var isNegative);
        return isNegative ? unchecked((long)bits) : checked((long)bits);
    }

    /// <summary>The number of items that follow.</summary>
    /// <exception cref="EndOfStreamException">
    /// The bytes that remain cannot hold so many: the count is refused before anyone allocates by it.
    /// </exception>
    public int ReadArrayHeader()
    {
        if (!TryReadArrayHeader(out var count) || _reader.Remaining < count)
        {
            ThrowEndOfStream();
        }

        return count;
    }

    /// <summary>The number of items that follow, not compared with what remains.</summary>
    /// <returns>False when the header itself is cut short; nothing is consumed then.</returns>
    public bool TryReadArrayHeader(out int count)
    {
        count = 0;
        return !_reader.End && TryReadCount(
            MessagePackCode.MinFixArray, MessagePackCode.Array16, MessagePackCode.Array32, out count);
    }

    /// <summary>The number of pairs that follow; see <see cref="ReadArrayHeader"/>.</summary>
    public int ReadMapHeader()
    {
        if (!TryReadMapHeader(out var count) || _reader.Remaining < 2L * count)
        {
            ThrowEndOfStream();
        }

        return count;
    }

    public bool TryReadMapHeader(out int count)
    {
        count = 0;
        return !_reader.End && TryReadCount(
            MessagePackCode.MinFixMap, MessagePackCode.Map16, MessagePackCode.Map32, out count);
    }

    /// <summary>The bytes of a binary value, not copied, or null for nil.</summary>
    public ReadOnlySequence<byte>? ReadBytes()
    {
        if (TryReadNil())
        {
            return null;
        }

        // Writers older than the binary formats put bytes into strings, and the published reader takes those.
        var isString = NextMessagePackType == MessagePackType.String;
        return ReadRaw(isString ? ReadStringLength() : ReadBinaryLength());
    }

    /// <summary>The UTF-8 of a string, not copied, or null for nil.</summary>
    public ReadOnlySequence<byte>? ReadStringSequence() => TryReadNil() ? null : ReadRaw(ReadStringLength());

    /// <summary>The UTF-8 of a string in one piece.</summary>
    /// <returns>False, with nothing consumed, for nil and for a string that lies across segments.</returns>
    public bool TryReadStringSpan(out ReadOnlySpan<byte> span)
    {
        span = default;
        if (IsNil)
        {
            return false;
        }

        var before = _reader;
        var length = ReadStringLength();
        if (_reader.Remaining < length)
        {
            _reader = before;
            ThrowEndOfStream();
        }

        if (_reader.UnreadSpan.Length < length)
        {
            _reader = before;
            return false;
        }

        span = _reader.UnreadSpan[..(int)length];
        _reader.Advance(length);
        return true;
    }

    /// <summary>A string, or null for nil. Broken UTF-8 becomes U+FFFD.</summary>
    public string? ReadString()
        => ReadStringSequence() is { } utf8 ? Encoding.UTF8.GetString(utf8) : null;

    /// <summary>The next value, whatever it is, as the bytes it is written in.</summary>
    public ReadOnlySequence<byte> ReadRaw()
    {
        var start = Position;
        Skip();
        return Sequence.Slice(start, Position);
    }

    /// <summary>The next bytes, as they are.</summary>
    public ReadOnlySequence<byte> ReadRaw(long length)
    {
        if (_reader.Remaining < length)
        {
            ThrowEndOfStream();
        }

        var bytes = _reader.Sequence.Slice(_reader.Position, length);
        _reader.Advance(length);
        return bytes;
    }

    /// <summary>
    /// Passes over one value with all that it holds. A loop and not a recursion: the depth is a peer's
    /// choice.
    /// </summary>
    public void Skip()
    {
        for (long pending = 1; pending > 0; pending--)
        {
            switch (NextMessagePackType)
            {
                case MessagePackType.Array:
                    pending += ReadArrayHeader();
                    break;
                case MessagePackType.Map:
                    pending += 2L * ReadMapHeader();
                    break;
                case MessagePackType.String:
                    SkipBytes(ReadStringLength());
                    break;
                case MessagePackType.Binary:
                    SkipBytes(ReadBinaryLength());
                    break;
                default:
                    SkipScalar(NextCode);
                    break;
            }
        }
    }

    private void SkipScalar(byte code)
    {
        switch (code)
        {
            case MessagePackCode.Float32:
                SkipBytes(1 + 4);
                break;
            case MessagePackCode.Float64:
                SkipBytes(1 + 8);
                break;
            case >= MessagePackCode.UInt8 and <= MessagePackCode.UInt64:
                SkipBytes(1 + (1 << (code - MessagePackCode.UInt8)));
                break;
            case >= MessagePackCode.Int8 and <= MessagePackCode.Int64:
                SkipBytes(1 + (1 << (code - MessagePackCode.Int8)));
                break;
            case >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16:
                SkipBytes(1 + 1 + (1 << (code - MessagePackCode.FixExt1)));
                break;
            case >= MessagePackCode.Ext8 and <= MessagePackCode.Ext32:
                SkipBytes(1 + ReadLength(1 << (code - MessagePackCode.Ext8)));
                break;
            case MessagePackCode.NeverUsed:
                ThrowUnexpected(code);
                break;
            default:
                SkipBytes(1);
                break;
        }
    }

    private void SkipBytes(long length)
    {
        if (_reader.Remaining < length)
        {
            ThrowEndOfStream();
        }

        _reader.Advance(length);
    }

    /// <summary>Any integer format; a negative value comes back in two's complement.</summary>
    private ulong ReadInteger(out bool isNegative)
    {
        var code = NextCode;
        isNegative = code >= MessagePackCode.MinNegativeFixInt;
        if (code <= MessagePackCode.MaxFixInt || isNegative)
        {
            _reader.Advance(1);
            return unchecked((ulong)(sbyte)code);
        }

        switch (code)
        {
            case >= MessagePackCode.UInt8 and <= MessagePackCode.UInt64:
                return ReadBits(1 << (code - MessagePackCode.UInt8));
            case >= MessagePackCode.Int8 and <= MessagePackCode.Int64:
                var width = 1 << (code - MessagePackCode.Int8);
                var unusedBits = 64 - (8 * width);
                var signed = unchecked((long)(ReadBits(width) << unusedBits)) >> unusedBits;
                isNegative = signed < 0;
                return unchecked((ulong)signed);
            default:
                ThrowUnexpected(code);
                return 0;
        }
    }

    private bool TryReadCount(byte fix, byte wide16, byte wide32, out int count)
    {
        var code = NextCode;
        if ((code & 0xf0) == fix)
        {
            _reader.Advance(1);
            count = code & 0x0f;
            return true;
        }

        if (code != wide16 && code != wide32)
        {
            ThrowUnexpected(code);
        }

        var isWhole = TryReadBits(code == wide16 ? 2 : 4, out var bits);
        count = checked((int)bits);
        return isWhole;
    }

    private long ReadBinaryLength()
    {
        var code = NextCode;
        if (code is < MessagePackCode.Bin8 or > MessagePackCode.Bin32)
        {
            ThrowUnexpected(code);
        }

        return ReadLength(1 << (code - MessagePackCode.Bin8));
    }

    private long ReadStringLength()
    {
        var code = NextCode;
        if (code is >= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr)
        {
            _reader.Advance(1);
            return code & 0x1f;
        }

        if (code is < MessagePackCode.Str8 or > MessagePackCode.Str32)
        {
            ThrowUnexpected(code);
        }

        return ReadLength(1 << (code - MessagePackCode.Str8));
    }

    /// <summary>A length of at most four bytes, so the sign is never in question.</summary>
    private long ReadLength(int width) => (long)ReadBits(width);

    private ulong ReadBits(int width)
    {
        if (!TryReadBits(width, out var bits))
        {
            ThrowEndOfStream();
        }

        return bits;
    }

    /// <summary>Consumes a code and the big-endian number of so many bytes behind it, or nothing.</summary>
    private bool TryReadBits(int width, out ulong bits)
    {
        var unread = _reader.UnreadSpan;
        if (unread.Length > width)
        {
            bits = BigEndian(unread.Slice(1, width));
        }
        else
        {
            Span<byte> joined = stackalloc byte[1 + sizeof(ulong)];
            joined = joined[..(1 + width)];
            if (!_reader.TryCopyTo(joined))
            {
                bits = 0;
                return false;
            }

            bits = BigEndian(joined[1..]);
        }

        _reader.Advance(1 + width);
        return true;
    }

    private static ulong BigEndian(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
    };

    [DoesNotReturn]
    private static void ThrowEndOfStream() => throw new EndOfStreamException();

    [DoesNotReturn]
    private static void ThrowUnexpected(byte code) => throw new MessagePackSerializationException(
        $"Unexpected msgpack code {code} ({MessagePackCode.ToFormatName(code)}) encountered.");
}
