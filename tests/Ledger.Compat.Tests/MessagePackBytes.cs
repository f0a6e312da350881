using System.Buffers;
using MessagePack;

namespace Ledger.Compat.Tests;

/// <summary>
/// The shorthand of the MessagePack tests: write to hexadecimal, read from it whole or in pieces.
/// </summary>
internal static class MessagePackBytes
{
    public delegate void Write(ref MessagePackWriter writer);

    public delegate T Read<T>(ref MessagePackReader reader);

    public static string Written(Write write)
    {
        ArrayBufferWriter<byte> buffer = new();
        var writer = new MessagePackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return Convert.ToHexStringLower(buffer.WrittenSpan);
    }

    /// <summary>Reads one value and insists that it used every byte.</summary>
    public static T ReadWhole<T>(string hex, Read<T> read)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        var value = read(ref reader);
        Assert.True(reader.End);
        Assert.Equal(hex.Length / 2, reader.Consumed);
        return value;
    }

    /// <summary>The same, with every byte in a segment of its own.</summary>
    public static T ReadInPieces<T>(string hex, Read<T> read)
    {
        var reader = new MessagePackReader(InPieces(Convert.FromHexString(hex)));
        var value = read(ref reader);
        Assert.True(reader.End);
        return value;
    }

    public static ReadOnlySequence<byte> InPieces(byte[] bytes)
    {
        Piece first = new(bytes.AsMemory(0, Math.Min(1, bytes.Length)), 0);
        var last = first;
        for (var i = 1; i < bytes.Length; i++)
        {
            last = last.Append(bytes.AsMemory(i, 1));
        }

        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            Piece next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
