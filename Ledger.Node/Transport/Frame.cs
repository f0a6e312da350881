using System.Buffers;
using System.Buffers.Binary;

namespace Ledger.Node.Transport;

/// <summary>What came of reading one frame.</summary>
internal enum FrameOutcome
{
    Whole,

    /// <summary>The other side ended the connection between two frames.</summary>
    Closed,

    /// <summary>It ended within a frame.</summary>
    Truncated,
    UnknownKind,
    TooLong,
}

/// <summary>One frame as received; its payload is its own array, so whoever handles it may keep it.</summary>
internal readonly record struct Frame(FrameOutcome Outcome, FrameKind Kind = default, byte[]? Content = null)
{
    public ReadOnlyMemory<byte> Payload => Content;

    /// <summary>A short word for the metric's label.</summary>
    public string Fault => Outcome switch
    {
        FrameOutcome.Truncated => "truncated",
        FrameOutcome.UnknownKind => "unknown_kind",
        FrameOutcome.TooLong => "too_long",
        _ => "",
    };
}

/// <summary>
/// The layout of a frame: 4 bytes of payload length (big-endian), 1 byte of kind, the payload.
/// </summary>
internal static class FrameLayout
{
    public const int HeaderSize = sizeof(int) + 1;

    public static void WriteHeader(Span<byte> target, FrameKind kind, int payloadBytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(target, payloadBytes);
        target[sizeof(int)] = (byte)kind;
    }

    /// <summary>
    /// Takes one frame from the front of <paramref name="buffer"/>; false while more bytes are needed.
    /// </summary>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, FramePhase phase, out Frame frame)
    {
        frame = default;
        if (buffer.Length < HeaderSize)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, HeaderSize).CopyTo(header);
        var payloadBytes = BinaryPrimitives.ReadUInt32BigEndian(header);
        var kind = (FrameKind)header[sizeof(int)];
        if (FrameLimits.Of(kind, phase) is not { } limit)
        {
            frame = new(FrameOutcome.UnknownKind);
            return true;
        }

        if (payloadBytes > limit)
        {
            frame = new(FrameOutcome.TooLong, kind);
            return true;
        }

        if (buffer.Length < HeaderSize + payloadBytes)
        {
            return false;
        }

        frame = new(FrameOutcome.Whole, kind, buffer.Slice(HeaderSize, payloadBytes).ToArray());
        buffer = buffer.Slice(HeaderSize + payloadBytes);
        return true;
    }
}
