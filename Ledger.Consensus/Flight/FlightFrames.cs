using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Flight;

/// <summary>One recorded turn.</summary>
/// <param name="Number">
/// Counted from the start of the process; where one is missing, none was recorded.
/// </param>
/// <param name="At">The recorder's clock, for people.</param>
/// <param name="Inputs">What the engine stepped through.</param>
/// <param name="Effects">A hash over what it wanted.</param>
public sealed record FlightTurn(ulong Number, Timestamp At, IReadOnlyList<Input> Inputs, Digest Effects);

/// <summary>
/// The bytes of a recording: a line that says what it is, then frames. A frame is its length and the start of
/// its payload's SHA-256, 4 bytes each, and the payload: first a <see cref="FlightStart"/>, then turns.
/// Blocks are kept without their bodies.
/// </summary>
public static class FlightFrames
{
    /// <summary>Raised with any change of the frames themselves; what is in them has a fingerprint.</summary>
    public const int Version = 1;

    public const string Magic = "ledger-flight-recording ";

    internal const int HeadBytes = 8;

    internal const byte StartKind = 1;
    internal const byte TurnKind = 2;

    private static readonly Type InputsType = typeof(Input[]);

    public static void WriteStart(IBufferWriter<byte> target, FlightStart start)
    {
        target.Write(System.Text.Encoding.ASCII.GetBytes($"{Magic}{Version}\n"));
        ArrayBufferWriter<byte> payload = new();
        PictureWriter writer = new(payload, keepsIdentity: false);
        writer.Number(StartKind);
        writer.Write(start.Source, typeof(FlightSource));
        writer.Text(start.Engine);
        writer.Write(start.Shape, typeof(Digest));
        start.Picture.Span.CopyTo(writer.Bytes(start.Picture.Length));
        WriteFrame(target, payload.WrittenSpan);
    }

    public static void WriteTurn(IBufferWriter<byte> target, ulong number, Timestamp at, EngineTurn turn)
    {
        ArrayBufferWriter<byte> payload = new(1024);
        PictureWriter writer = new(payload, keepsIdentity: false);
        writer.Number(TurnKind);
        writer.Number(number);
        writer.Number((ulong)at.UnixMilliseconds);
        writer.Write(HashOf(turn.Effects), typeof(Digest));
        writer.Write(turn.Inputs, InputsType);
        WriteFrame(target, payload.WrittenSpan);
    }

    internal static Digest HashOf(TurnEffects effects)
    {
        ArrayBufferWriter<byte> picture = new(1024);
        new PictureWriter(picture, keepsIdentity: false).Write(effects, typeof(TurnEffects));
        return Sha256.Hash(picture.WrittenSpan);
    }

    internal static FlightStart ReadStart(PictureReader reader)
    {
        if (reader.Number() != StartKind || reader.Read(typeof(FlightSource)) is not FlightSource source)
        {
            throw PictureReader.Damaged();
        }

        return new(source, reader.Text(), (Digest)reader.Read(typeof(Digest))!, reader.Rest());
    }

    internal static FlightTurn ReadTurn(PictureReader reader)
    {
        if (reader.Number() != TurnKind)
        {
            throw PictureReader.Damaged();
        }

        var (number, at) = (reader.Number(), new Timestamp((long)reader.Number()));
        var effects = (Digest)reader.Read(typeof(Digest))!;
        return reader.Read(InputsType) is Input[] inputs && !inputs.Contains(null) && reader.IsAtEnd
            ? new(number, at, inputs, effects)
            : throw PictureReader.Damaged();
    }

    internal static uint CheckOf(ReadOnlySpan<byte> payload)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    private static void WriteFrame(IBufferWriter<byte> target, ReadOnlySpan<byte> payload)
    {
        var head = target.GetSpan(HeadBytes);
        BinaryPrimitives.WriteInt32BigEndian(head, payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(head[4..], CheckOf(payload));
        target.Advance(HeadBytes);
        target.Write(payload);
    }
}
