using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MessagePack;

/// <summary>
/// Reads values from a buffer. Like the published reader it takes any integer form that fits, so what it reads is not
/// canonical by itself.
/// </summary>
public ref struct MessagePackReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _span;
    private int _position;

    public MessagePackReader(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        _span = memory.Span;
    }

    public MessagePackReader(scoped in ReadOnlySequence<byte> readOnlySequence)
        : this(readOnlySequence.IsSingleSegment ? readOnlySequence.First : readOnlySequence.ToArray())
    {
    }

    public readonly bool End => _position == _span.Length;

    public readonly long Consumed => _position;

    public readonly byte NextCode => _position < _span.Length ? _span[_position] : throw new EndOfStreamException();

    public bool TryReadNil()
    {
        if (NextCode != MessagePackCode.Nil)
        {
            return false;
        }

        _position++;
        return true;
    }

    public bool ReadBoolean() => Take(1)[0] switch
    {
        MessagePackCode.True => true,
        MessagePackCode.False => false,
        var code => throw Unexpected(code),
    };

    public byte ReadByte() => checked((byte)ReadUInt64());

    public ushort ReadUInt16() => checked((ushort)ReadUInt64());

    public uint ReadUInt32() => checked((uint)ReadUInt64());

    public int ReadInt32() => checked((int)ReadInt64());

    public ulong ReadUInt64()
    {
        var code = NextCode;
        return code == MessagePackCode.UInt64
            ? BinaryPrimitives.ReadUInt64BigEndian(Take(9)[1..])
            : checked((ulong)ReadInt64());
    }

    public long ReadInt64()
    {
        var code = Take(1)[0];
        return code switch
        {
            <= MessagePackCode.MaxFixInt => code,
            >= MessagePackCode.MinNegativeFixInt => (sbyte)code,
            MessagePackCode.UInt8 => Take(1)[0],
            MessagePackCode.UInt16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MessagePackCode.UInt32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            MessagePackCode.UInt64 => checked((long)BinaryPrimitives.ReadUInt64BigEndian(Take(8))),
            MessagePackCode.Int8 => (sbyte)Take(1)[0],
            MessagePackCode.Int16 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            MessagePackCode.Int32 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            MessagePackCode.Int64 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            _ => throw Unexpected(code),
        };
    }

    /// <summary>A byte string, or null for nil. The published reader also takes a string's bytes.</summary>
    public ReadOnlySequence<byte>? ReadBytes()
    {
        if (TryReadNil())
        {
            return null;
        }

        var code = Take(1)[0];
        var length = code switch
        {
            MessagePackCode.Bin8 => Take(1)[0],
            MessagePackCode.Bin16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MessagePackCode.Bin32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            _ => StringLength(code),
        };
        return new(TakeMemory(length));
    }

    public string? ReadString()
        => ReadStringSequence() is { } utf8 ? Encoding.UTF8.GetString(utf8) : null;

    public ReadOnlySequence<byte>? ReadStringSequence()
    {
        if (TryReadNil())
        {
            return null;
        }

        return new(TakeMemory(StringLength(Take(1)[0])));
    }

    /// <summary>
    /// An array's count. One that promises more items than bytes remain is refused before anything is allocated for it.
    /// </summary>
    public int ReadArrayHeader()
    {
        var code = Take(1)[0];
        var count = code switch
        {
            >= MessagePackCode.MinFixArray and <= MessagePackCode.MaxFixArray => (uint)(code & 0xf),
            MessagePackCode.Array16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MessagePackCode.Array32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            _ => throw Unexpected(code),
        };
        return count <= (uint)(_span.Length - _position) ? (int)count : throw new EndOfStreamException();
    }

    private uint StringLength(byte code) => code switch
    {
        >= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr => (uint)(code & 0x1f),
        MessagePackCode.Str8 => Take(1)[0],
        MessagePackCode.Str16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.Str32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
        _ => throw Unexpected(code),
    };

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_span.Length - _position < count)
        {
            throw new EndOfStreamException();
        }

        var taken = _span.Slice(_position, count);
        _position += count;
        return taken;
    }

    private ReadOnlyMemory<byte> TakeMemory(uint count)
    {
        if ((uint)(_span.Length - _position) < count)
        {
            throw new EndOfStreamException();
        }

        var taken = _memory.Slice(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    private static MessagePackSerializationException Unexpected(byte code)
        => new($"Unexpected msgpack code {code}.");
}
