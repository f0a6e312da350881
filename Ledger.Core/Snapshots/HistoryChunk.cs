using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>A run of the chain below a snapshot's block.</summary>
/// <param name="From">The lowest height.</param>
/// <param name="To">The highest.</param>
/// <param name="Top">The hash of the header at <paramref name="To"/>.</param>
/// <param name="Below">The hash that the header at <paramref name="From"/> names as its parent.</param>
/// <param name="Chunk">The chunk that holds the run.</param>
public sealed record HistoryPart(Height From, Height To, Digest Top, Digest Below, ChunkId Chunk)
{
    internal static void Write(ref MessagePackWriter writer, HistoryPart part)
    {
        writer.WriteArrayHeader(6);
        writer.Write(part.From.Value);
        writer.Write(part.To.Value);
        Fields.WriteDigest(ref writer, part.Top);
        Fields.WriteDigest(ref writer, part.Below);
        ChunkId.Write(ref writer, part.Chunk);
    }

    internal static HistoryPart Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 6, "a part of the history");
        return new(
            Fields.ReadHeight(ref reader), Fields.ReadHeight(ref reader), Fields.ReadDigest(ref reader),
            Fields.ReadDigest(ref reader), ChunkId.Read(ref reader));
    }
}

/// <summary>
/// Headers and receipts of blocks in a row. The receipts name every transaction that was applied, so that
/// none of them is applied again; each header's receipts root proves them, and each header's hash is in the
/// one above it.
/// </summary>
public sealed record HistoryChunk(IReadOnlyList<(BlockHeader Header, IReadOnlyList<Receipt> Receipts)> Blocks)
{
    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out HistoryChunk chunk,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(bytes, Read, Write, out chunk, out fault);

    /// <returns>Why this is not the run of the chain that the part names, or null when it is.</returns>
    public string? FaultIn(HistoryPart part)
    {
        if (Blocks.Count == 0 || Blocks[0].Header.Height != part.From || Blocks[^1].Header.Height != part.To
            || Blocks[0].Header.Parent != part.Below)
        {
            return $"it does not hold the headers {part.From} to {part.To}";
        }

        for (var i = 0; i < Blocks.Count; i++)
        {
            var (header, receipts) = Blocks[i];
            var above = i == Blocks.Count - 1 ? part.Top : Blocks[i + 1].Header.Parent;
            if (header.Height.Value != part.From.Value + (ulong)i || header.ComputeHash() != above)
            {
                return $"header {header.Height} is not the one that the header above it names";
            }

            if (ReceiptTree.RootOf(receipts) != header.ReceiptsRoot)
            {
                return $"the receipts of block {header.Height} are not those that its header names";
            }
        }

        return null;
    }

    private static void Write(ref MessagePackWriter writer, HistoryChunk chunk)
    {
        writer.WriteArrayHeader(2 * chunk.Blocks.Count);
        foreach (var (header, receipts) in chunk.Blocks)
        {
            HeaderCodec.Write(ref writer, header);
            writer.WriteArrayHeader(receipts.Count);
            foreach (var receipt in receipts)
            {
                ReceiptCodec.Write(ref writer, receipt);
            }
        }
    }

    private static HistoryChunk Read(ref MessagePackReader reader)
    {
        var count = Fields.ReadCount(
            ref reader, 2 * SnapshotLimits.HistoryChunkBlocks, "headers and receipts");
        if (count % 2 != 0)
        {
            throw new MalformedException("each header has its receipts");
        }

        var blocks = new (BlockHeader, IReadOnlyList<Receipt>)[count / 2];
        for (var i = 0; i < blocks.Length; i++)
        {
            var header = HeaderCodec.Read(ref reader);
            var receipts = new Receipt[Fields.ReadCount(ref reader, Limits.BlockTransactions, "receipts")];
            for (var j = 0; j < receipts.Length; j++)
            {
                receipts[j] = ReceiptCodec.Read(ref reader);
            }

            blocks[i] = (header, receipts);
        }

        return new(blocks);
    }
}
