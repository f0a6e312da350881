using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace MessagePack;

/// <summary>
/// Writes MessagePack values into a buffer, each in its shortest form. It works on one span of the buffer
/// at a time and tells the buffer only when that span is full or when <see cref="Flush"/> is called, so a
/// small value costs a bounds check and a few stores.
/// </summary>
public ref struct MessagePackWriter
{
    private readonly IBufferWriter<byte> _output;
    private Span<byte> _span;
    private int _buffered;

    public MessagePackWriter(IBufferWriter<byte> writer)
    {
        _output = writer ?? throw new ArgumentNullException(nameof(writer));
        _span = writer.GetSpan();
        _buffered = 0;
    }

    /// <summary>Hands everything written so far to the buffer.</summary>
    public void Flush()
    {
        if (_buffered > 0)
        {
            _output.Advance(_buffered);
            _span = _span[_buffered..];
            _buffered = 0;
        }
    }

    /// <summary>A place for a caller's own bytes; <see cref="Advance"/> says how many were used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> GetSpan(int length)
    {
        if (_span.Length - _buffered < length)
        {
            Grow(length);
        }

        return _span[_buffered..];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int length) => _buffered += length;

    public void WriteNil() => WriteCode(MessagePackCode.Nil);

    public void Write(bool value) => WriteCode(value ? MessagePackCode.True : MessagePackCode.False);

    /// <summary>Copies bytes that are MessagePack already.</summary>
    public void WriteRaw(ReadOnlySpan<byte> rawMessagePackBlock)
    {
        rawMessagePackBlock.CopyTo(GetSpan(rawMessagePackBlock.Length));
        Advance(rawMessagePackBlock.Length);
    }

    /// <summary>Copies bytes that are MessagePack already.</summary>
    public void WriteRaw(in ReadOnlySequence<byte> rawMessagePackBlock)
    {
        foreach (var segment in rawMessagePackBlock)
        {
            WriteRaw(segment.Span);
        }
    }

    public void WriteArrayHeader(int count) => WriteArrayHeader(checked((uint)count));

    public void WriteArrayHeader(uint count)
    {
        if (count <= 15)
        {
            WriteCode((byte)(MessagePackCode.MinFixArray | count));
        }
        else if (count <= ushort.MaxValue)
        {
            WriteUInt16(MessagePackCode.Array16, (ushort)count);
        }
        else
        {
            WriteUInt32(MessagePackCode.Array32, count);
        }
    }

    public void WriteMapHeader(int count) => WriteMapHeader(checked((uint)count));

    public void WriteMapHeader(uint count)
    {
        if (count <= 15)
        {
            WriteCode((byte)(MessagePackCode.MinFixMap | count));
        }
        else if (count <= ushort.MaxValue)
        {
            WriteUInt16(MessagePackCode.Map16, (ushort)count);
        }
        else
        {
            WriteUInt32(MessagePackCode.Map32, count);
        }
    }

    public void Write(byte value) => Write((ulong)value);

    public void Write(ushort value) => Write((ulong)value);

    public void Write(uint value) => Write((ulong)value);

    public void Write(ulong value)
    {
        if (value <= MessagePackCode.MaxFixInt)
        {
            WriteCode((byte)value);
        }
        else if (value <= byte.MaxValue)
        {
            WriteUInt8((byte)value);
        }
        else if (value <= ushort.MaxValue)
        {
            WriteUInt16((ushort)value);
        }
        else if (value <= uint.MaxValue)
        {
            WriteUInt32((uint)value);
        }
        else
        {
            WriteUInt64(value);
        }
    }

    public void Write(sbyte value) => Write((long)value);

    public void Write(short value) => Write((long)value);

    public void Write(int value) => Write((long)value);

    /// <summary>A number that is not negative has the unsigned form, whatever type held it.</summary>
    public void Write(long value)
    {
        if (value >= 0)
        {
            Write((ulong)value);
        }
        else if (value >= -32)
        {
            WriteCode((byte)value);
        }
        else if (value >= sbyte.MinValue)
        {
            WriteInt8((sbyte)value);
        }
        else if (value >= short.MinValue)
        {
            WriteInt16((short)value);
        }
        else if (value >= int.MinValue)
        {
            WriteInt32((int)value);
        }
        else
        {
            WriteInt64(value);
        }
    }

    /// <summary>Two bytes, whether or not fewer would do; the same holds for the other fixed forms.</summary>
    public void WriteUInt8(byte value) => WriteUInt8(MessagePackCode.UInt8, value);

    public void WriteInt8(sbyte value) => WriteUInt8(MessagePackCode.Int8, (byte)value);

    public void WriteUInt16(ushort value) => WriteUInt16(MessagePackCode.UInt16, value);

    public void WriteInt16(short value) => WriteUInt16(MessagePackCode.Int16, (ushort)value);

    public void WriteUInt32(uint value) => WriteUInt32(MessagePackCode.UInt32, value);

    public void WriteInt32(int value) => WriteUInt32(MessagePackCode.Int32, (uint)value);

    public void WriteUInt64(ulong value) => WriteUInt64(MessagePackCode.UInt64, value);

    public void WriteInt64(long value) => WriteUInt64(MessagePackCode.Int64, (ulong)value);

    /// <summary>Binary, or nil for null.</summary>
    public void Write(byte[]? src)
    {
        if (src is null)
        {
            WriteNil();
        }
        else
        {
            Write(src.AsSpan());
        }
    }

    public void Write(ReadOnlySpan<byte> src)
    {
        WriteBinHeader(src.Length);
        WriteRaw(src);
    }

    public void Write(in ReadOnlySequence<byte> src)
    {
        WriteBinHeader(checked((int)src.Length));
        WriteRaw(src);
    }

    /// <summary>The header of a binary value whose bytes the caller writes next.</summary>
    public void WriteBinHeader(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length <= byte.MaxValue)
        {
            WriteUInt8(MessagePackCode.Bin8, (byte)length);
        }
        else if (length <= ushort.MaxValue)
        {
            WriteUInt16(MessagePackCode.Bin16, (ushort)length);
        }
        else
        {
            WriteUInt32(MessagePackCode.Bin32, (uint)length);
        }
    }

    /// <summary>A string that is UTF-8 already; it is not checked.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8stringBytes)
    {
        WriteStringHeader(utf8stringBytes.Length);
        WriteRaw(utf8stringBytes);
    }

    /// <summary>The header of a string whose UTF-8 bytes the caller writes next.</summary>
    public void WriteStringHeader(int byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        if (byteCount <= 31)
        {
            WriteCode((byte)(MessagePackCode.MinFixStr | byteCount));
        }
        else if (byteCount <= byte.MaxValue)
        {
            WriteUInt8(MessagePackCode.Str8, (byte)byteCount);
        }
        else if (byteCount <= ushort.MaxValue)
        {
            WriteUInt16(MessagePackCode.Str16, (ushort)byteCount);
        }
        else
        {
            WriteUInt32(MessagePackCode.Str32, (uint)byteCount);
        }
    }

    /// <summary>A string, or nil for null.</summary>
    public void Write(string? value)
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

    public void Write(ReadOnlySpan<char> value)
    {
        var byteCount = Encoding.UTF8.GetByteCount(value);
        WriteStringHeader(byteCount);
        Encoding.UTF8.GetBytes(value, GetSpan(byteCount));
        Advance(byteCount);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteCode(byte code)
    {
        GetSpan(1)[0] = code;
        Advance(1);
    }

    private void WriteUInt8(byte code, byte value)
    {
        var span = GetSpan(2);
        span[1] = value;
        span[0] = code;
        Advance(2);
    }

    private void WriteUInt16(byte code, ushort value)
    {
        var span = GetSpan(3);
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], value);
        span[0] = code;
        Advance(3);
    }

    private void WriteUInt32(byte code, uint value)
    {
        var span = GetSpan(5);
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], value);
        span[0] = code;
        Advance(5);
    }

    private void WriteUInt64(byte code, ulong value)
    {
        var span = GetSpan(9);
        BinaryPrimitives.WriteUInt64BigEndian(span[1..], value);
        span[0] = code;
        Advance(9);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int length)
    {
        Flush();
        _span = _output.GetSpan(length);
    }
}
