using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Node.Sync;

/// <summary>What is asked of a peer about snapshots; the numbers are part of the protocol.</summary>
internal enum SnapshotQuestion : byte
{
    /// <summary>What it has, and what blocks instead would take.</summary>
    Offer = 1,

    /// <summary>Bytes of the manifest from an offset on.</summary>
    Manifest = 2,

    /// <summary>One chunk.</summary>
    Chunk = 3,
}

/// <param name="Id">Chosen by who asks; the answer carries it.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Height">Of the snapshot; for an offer the head of who asks.</param>
/// <param name="Number">An offset or a chunk's number.</param>
internal sealed record SnapshotRequest(ulong Id, SnapshotQuestion Question, Height Height, int Number)
{
    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out SnapshotRequest request)
        => Canonical.TryDecode(bytes, Read, Write, out request, out _);

    private static void Write(ref MessagePackWriter writer, SnapshotRequest request)
    {
        writer.WriteArrayHeader(4);
        writer.Write(request.Id);
        writer.Write((byte)request.Question);
        writer.Write(request.Height.Value);
        writer.Write(request.Number);
    }

    private static SnapshotRequest Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "a request");
        var id = reader.ReadUInt64();
        var question = (SnapshotQuestion)reader.ReadByte();
        SnapshotRequest request = new(id, question, Fields.ReadHeight(ref reader), reader.ReadInt32());
        return question is SnapshotQuestion.Offer or SnapshotQuestion.Manifest or SnapshotQuestion.Chunk
            && request.Number >= 0
            ? request
            : throw new MalformedException("no such question");
    }
}

/// <summary>What a peer has, by its own word: every part of it is checked when it comes.</summary>
/// <param name="Height">Of its latest snapshot; 0 when it has none.</param>
/// <param name="Content">Which chunks; equal for all who have the same snapshot.</param>
/// <param name="ManifestBytes">How long the manifest is.</param>
/// <param name="Bytes">Of all chunks.</param>
/// <param name="BlockBytes">About what all blocks from the asker's head up to the snapshot would
/// take.</param>
/// <param name="LowestBlock">It has no block below this.</param>
/// <param name="Head">Its last block.</param>
/// <param name="View">The view, or term, that it is in.</param>
internal sealed record SnapshotOffer(
    Height Height, Digest Content, int ManifestBytes, long Bytes, long BlockBytes, Height LowestBlock,
    Height Head, View View)
{
    internal static void Write(ref MessagePackWriter writer, SnapshotOffer offer)
    {
        writer.WriteArrayHeader(8);
        writer.Write(offer.Height.Value);
        Fields.WriteDigest(ref writer, offer.Content);
        writer.Write(offer.ManifestBytes);
        writer.Write(offer.Bytes);
        writer.Write(offer.BlockBytes);
        writer.Write(offer.LowestBlock.Value);
        writer.Write(offer.Head.Value);
        writer.Write(offer.View.Value);
    }

    internal static SnapshotOffer Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 8, "an offer");
        SnapshotOffer offer = new(
            Fields.ReadHeight(ref reader), Fields.ReadDigest(ref reader), reader.ReadInt32(),
            reader.ReadInt64(),
            reader.ReadInt64(), Fields.ReadHeight(ref reader), Fields.ReadHeight(ref reader), Fields.ReadView(
                ref reader));
        return offer.ManifestBytes is >= 0 and <= SnapshotLimits.ManifestBytes && offer.Bytes >= 0
            && offer.BlockBytes >= 0
            ? offer
            : throw new MalformedException("an offer of no possible size");
    }
}

/// <summary>An answer: an offer, or bytes; no bytes when the peer does not have them (any more).</summary>
internal sealed record SnapshotResponse(ulong Id, SnapshotOffer? Offer, ReadOnlyMemory<byte> Bytes)
{
    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out SnapshotResponse response)
        => Canonical.TryRead(bytes, Read, out response, out _);

    private static void Write(ref MessagePackWriter writer, SnapshotResponse response)
    {
        writer.WriteArrayHeader(response.Offer is null ? 2 : 3);
        writer.Write(response.Id);
        writer.Write(response.Bytes.Span);
        if (response.Offer is { } offer)
        {
            SnapshotOffer.Write(ref writer, offer);
        }
    }

    private static SnapshotResponse Read(ref MessagePackReader reader)
    {
        var fields = Fields.ReadCount(ref reader, 3, "fields of an answer");
        var id = reader.ReadUInt64();
        var bytes = Fields.ReadBytes(ref reader, SnapshotLimits.ChunkBytesMax, "bytes");
        return new(id, fields == 3 ? SnapshotOffer.Read(ref reader) : null, bytes);
    }
}
