using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MessagePack;

/// <summary>Writes values in their shortest forms into a buffer writer.</summary>
public ref struct MessagePackWriter
{
    private readonly IBufferWriter<byte> _output;

    public MessagePackWriter(IBufferWriter<byte> writer) => _output = writer;

    /// <summary>Nothing is held back here; kept because the published writer needs the call.</summary>
    public readonly void Flush()
    {
    }

    public readonly void WriteRaw(ReadOnlySpan<byte> rawMessagePackBlock) => _output.Write(rawMessagePackBlock);

    public readonly void WriteNil() => WriteByte(MessagePackCode.Nil);

    public readonly void Write(bool value) => WriteByte(value ? MessagePackCode.True : MessagePackCode.False);

    public readonly void Write(byte value) => Write((ulong)value);

    public readonly void Write(ushort value) => Write((ulong)value);

    public readonly void Write(uint value) => Write((ulong)value);

    public readonly void Write(sbyte value) => Write((long)value);

    public readonly void Write(short value) => Write((long)value);

    public readonly void Write(int value) => Write((long)value);

    public readonly void Write(ulong value)
    {
        switch (value)
        {
            case <= MessagePackCode.MaxFixInt:
                WriteByte((byte)value);
                break;
            case <= byte.MaxValue:
                var two = _output.GetSpan(2);
                two[0] = MessagePackCode.UInt8;
                two[1] = (byte)value;
                _output.Advance(2);
                break;
            case <= ushort.MaxValue:
                WriteHead16(MessagePackCode.UInt16, (ushort)value);
                break;
            case <= uint.MaxValue:
                WriteHead32(MessagePackCode.UInt32, (uint)value);
                break;
            default:
                WriteHead64(MessagePackCode.UInt64, value);
                break;
        }
    }

    public readonly void Write(long value)
    {
        switch (value)
        {
            case >= 0:
                Write((ulong)value);
                break;
            case >= -32:
                WriteByte((byte)value);
                break;
            case >= sbyte.MinValue:
                var two = _output.GetSpan(2);
                two[0] = MessagePackCode.Int8;
                two[1] = (byte)value;
                _output.Advance(2);
                break;
            case >= short.MinValue:
                WriteHead16(MessagePackCode.Int16, (ushort)value);
                break;
            case >= int.MinValue:
                WriteHead32(MessagePackCode.Int32, (uint)value);
                break;
            default:
                WriteHead64(MessagePackCode.Int64, (ulong)value);
                break;
        }
    }

    public readonly void Write(byte[]? src)
    {
        if (src is null)
        {
            WriteNil();
        }
        else
        {
            Write((ReadOnlySpan<byte>)src);
        }
    }

    public readonly void Write(ReadOnlySpan<byte> src)
    {
        WriteBinHeader(src.Length);
        _output.Write(src);
    }

    public readonly void WriteBinHeader(int length)
        => WriteLength((uint)length, MessagePackCode.Bin8, MessagePackCode.Bin16, MessagePackCode.Bin32);

    public readonly void WriteArrayHeader(int count) => WriteArrayHeader((uint)count);

    public readonly void WriteArrayHeader(uint count)
        => WriteCount(count, MessagePackCode.MinFixArray, MessagePackCode.Array16, MessagePackCode.Array32);

    public readonly void WriteMapHeader(int count) => WriteMapHeader((uint)count);

    public readonly void WriteMapHeader(uint count)
        => WriteCount(count, MessagePackCode.MinFixMap, MessagePackCode.Map16, MessagePackCode.Map32);

    public readonly void Write(string? value)
    {
        if (value is null)
        {
            WriteNil();
        }
        else
        {
            Write(value.AsSpan());
        }
    }

    public readonly void Write(ReadOnlySpan<char> value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteStringHeader(length);
        var written = Encoding.UTF8.GetBytes(value, _output.GetSpan(length));
        _output.Advance(written);
    }

    public readonly void WriteString(ReadOnlySpan<byte> utf8stringBytes)
    {
        WriteStringHeader(utf8stringBytes.Length);
        _output.Write(utf8stringBytes);
    }

    public readonly void WriteStringHeader(int byteCount)
    {
        if (byteCount <= MessagePackCode.MaxFixStr - MessagePackCode.MinFixStr)
        {
            WriteByte((byte)(MessagePackCode.MinFixStr | byteCount));
        }
        else
        {
            WriteLength((uint)byteCount, MessagePackCode.Str8, MessagePackCode.Str16, MessagePackCode.Str32);
        }
    }

    private readonly void WriteLength(uint length, byte code8, byte code16, byte code32)
    {
        switch (length)
        {
            case <= byte.MaxValue:
                var two = _output.GetSpan(2);
                two[0] = code8;
                two[1] = (byte)length;
                _output.Advance(2);
                break;
            case <= ushort.MaxValue:
                WriteHead16(code16, (ushort)length);
                break;
            default:
                WriteHead32(code32, length);
                break;
        }
    }

    private readonly void WriteCount(uint count, byte fix, byte code16, byte code32)
    {
        switch (count)
        {
            case <= 15:
                WriteByte((byte)(fix | count));
                break;
            case <= ushort.MaxValue:
                WriteHead16(code16, (ushort)count);
                break;
            default:
                WriteHead32(code32, count);
                break;
        }
    }

    private readonly void WriteByte(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }

    private readonly void WriteHead16(byte code, ushort value)
    {
        var span = _output.GetSpan(3);
        span[0] = code;
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], value);
        _output.Advance(3);
    }

    private readonly void WriteHead32(byte code, uint value)
    {
        var span = _output.GetSpan(5);
        span[0] = code;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], value);
        _output.Advance(5);
    }

    private readonly void WriteHead64(byte code, ulong value)
    {
        var span = _output.GetSpan(9);
        span[0] = code;
        BinaryPrimitives.WriteUInt64BigEndian(span[1..], value);
        _output.Advance(9);
    }
}
