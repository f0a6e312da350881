using System.Buffers.Binary;
using System.Reflection;
using System.Text;

namespace Ledger.Consensus.Flight;

/// <summary>A recording read back.</summary>
/// <param name="Start">What it begins with.</param>
/// <param name="Turns">In order.</param>
/// <param name="TornBytes">
/// Bytes at its end that are no whole turn: the process or its machine died while writing.
/// </param>
public sealed record FlightRecording(FlightStart Start, IReadOnlyList<FlightTurn> Turns, long TornBytes)
{
    public static bool IsOne(ReadOnlySpan<byte> bytes)
        => bytes.StartsWith(Encoding.ASCII.GetBytes(FlightFrames.Magic));

    /// <exception cref="FlightException">It is none, of another version, or damaged.</exception>
    public static FlightRecording Read(ReadOnlyMemory<byte> bytes)
    {
        var at = SkipHead(bytes.Span);
        if (Next(bytes, ref at) is not { } first)
        {
            throw new FlightException("it ends before its first turn: nothing was recorded yet");
        }

        try
        {
            var start = FlightFrames.ReadStart(new(first));
            List<FlightTurn> turns = [];

            // What another program's types were drawn into must not be read as ours.
            start.CheckShape();
            while (Next(bytes, ref at) is { } payload)
            {
                turns.Add(FlightFrames.ReadTurn(new(payload)));
            }

            return new(start, turns, bytes.Length - at);
        }
        catch (Exception fault)
            when (fault is ArgumentException or InvalidCastException or TargetInvocationException)
        {
            throw PictureReader.Damaged();
        }
    }

    private static int SkipHead(ReadOnlySpan<byte> bytes)
    {
        if (!IsOne(bytes))
        {
            throw new FlightException("it is not a flight recording");
        }

        var line = bytes[..Math.Min(bytes.Length, 64)].IndexOf((byte)'\n');
        var version = line < 0 ? "" : Encoding.ASCII.GetString(bytes[FlightFrames.Magic.Length..line]);
        return version == $"{FlightFrames.Version}"
            ? line + 1
            : throw new FlightException(
                $"it is of version '{version}'; this program reads version {FlightFrames.Version}");
    }

    /// <summary>The next whole frame; null where only a torn one is left, or none.</summary>
    private static ReadOnlyMemory<byte>? Next(ReadOnlyMemory<byte> bytes, ref int at)
    {
        var rest = bytes[at..];
        if (rest.Length < FlightFrames.HeadBytes || rest.Span.IndexOfAnyExcept((byte)0) < 0)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(rest.Span);
        if (length <= 0)
        {
            throw new FlightException($"it is damaged at byte {at}");
        }

        if (length > rest.Length - FlightFrames.HeadBytes)
        {
            return null;
        }

        var payload = rest.Slice(FlightFrames.HeadBytes, length);
        if (BinaryPrimitives.ReadUInt32BigEndian(rest.Span[4..]) != FlightFrames.CheckOf(payload.Span))
        {
            throw new FlightException($"it is damaged at byte {at}: a checksum does not fit what it holds");
        }

        at += FlightFrames.HeadBytes + length;
        return payload;
    }
}
