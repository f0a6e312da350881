using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// What a snapshot is of and how it is cut. It is believed as far as it proves itself: the block is final,
/// the parts cover the whole state and an unbroken run of headers down from that block. Each chunk then
/// proves itself against it.
/// </summary>
/// <param name="Genesis">The hash of the chain's genesis.</param>
/// <param name="Finality">Shows that the block is final; its header's state root is what the chunks are
/// checked by.</param>
/// <param name="State">All of the state, in the order of paths.</param>
/// <param name="History">The headers and receipts up to the block, ascending.</param>
public sealed record SnapshotManifest(
    Digest Genesis, FinalityProof Finality, IReadOnlyList<StatePart> State,
    IReadOnlyList<HistoryPart> History)
{
    private const string Format = "ledger/snapshot/v1";

    /// <summary>The block that the snapshot is of.</summary>
    public BlockHeader Header => Finality.Header;

    public Height Height => Finality.Header.Height;

    /// <summary>History first, then state: chunks are numbered through.</summary>
    public int ChunkCount => History.Count + State.Count;

    public long ChunkBytes
        => History.Sum(part => (long)part.Chunk.Bytes) + State.Sum(part => (long)part.Chunk.Bytes);

    public ChunkId ChunkAt(int index)
        => index < History.Count ? History[index].Chunk : State[index - History.Count].Chunk;

    /// <summary>
    /// Equal for all snapshots of one block, whoever made them: what shows that the block is final may
    /// differ, the chunks may not.
    /// </summary>
    public Digest ContentHash()
    {
        var parts = Canonical.Encode(this, WriteParts);
        Span<byte> header = stackalloc byte[Digest.Size];
        Header.ComputeHash().CopyTo(header);
        return Sha256.Hash(header, parts);
    }

    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out SnapshotManifest manifest,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(bytes, Read, Write, out manifest, out fault);

    /// <returns>The first fault, or null when chunks that fit this manifest are the whole of a final
    /// state.</returns>
    public string? FaultIn(Genesis genesis)
    {
        if (Genesis != genesis.Hash)
        {
            return $"it is of the chain with genesis {Genesis}, not {genesis.Hash}";
        }

        return FinalityVerifier.FaultIn(Finality, genesis) ?? HistoryFault()
            ?? (StatePart.AreWhole(State) ? null : "its parts do not cover the whole state");
    }

    /// <returns>Why a chunk is not what it must be, or null when it is.</returns>
    public string? FaultIn(int index, ReadOnlyMemory<byte> chunk)
        => index < History.Count
        ? FaultIn(index, chunk, out HistoryChunk? _) : FaultIn(index, chunk, out StateChunk? _, out _);

    /// <summary>A chunk of history, decoded, where the fault is null.</summary>
    public string? FaultIn(int index, ReadOnlyMemory<byte> chunk, out HistoryChunk? history)
        => HistoryChunk.TryDecode(chunk, out history, out var fault)
            ? history.FaultIn(History[index]) ?? (index == 0 ? ReachFault(history) : null)
            : fault;

    /// <summary>
    /// A chunk of state, decoded, and its leaves in the state tree, where the fault is null.
    /// </summary>
    public string? FaultIn(
        int index, ReadOnlyMemory<byte> chunk, out StateChunk? state,
        out IReadOnlyList<(Digest Path, Digest Value)> leaves)
    {
        leaves = [];
        return StateChunk.TryDecode(chunk, out state, out var fault)
            ? state.FaultIn(State[index - History.Count], Header.StateRoot, out leaves)
            : fault;
    }

    /// <summary>
    /// The lowest header must be the first block's, or older than any transaction that can still be valid:
    /// whoever leaves out a block would let its transactions be applied twice.
    /// </summary>
    private string? ReachFault(HistoryChunk lowest)
    {
        var header = lowest.Blocks[0].Header;
        return header.Height.Value == 1 || header.Time < Header.Time.Plus(-SnapshotLimits.History)
            ? null
            : $"its history ends at height {header.Height}, whose transactions may still be valid";
    }

    private string? HistoryFault()
    {
        if (History.Count == 0 || History[^1].To != Height || History[^1].Top != Header.ComputeHash())
        {
            return "its history does not end in its block";
        }

        for (var i = 0; i < History.Count; i++)
        {
            if (History[i].From > History[i].To || History[i].From == Height.Genesis
                || (i > 0 && (
                    History[i - 1].To != History[i].From.Previous || History[i - 1].Top != History[i].Below)))
            {
                return $"its history is broken at height {History[i].From}";
            }
        }

        return null;
    }

    private static void Write(ref MessagePackWriter writer, SnapshotManifest manifest)
    {
        writer.WriteArrayHeader(4);
        writer.Write(Format);
        Fields.WriteDigest(ref writer, manifest.Genesis);

        // In the form of a proof file, so that there is one encoding of what makes a header final.
        writer.Write(ProofFile.EncodeMessagePack(new HeadersProof(manifest.Genesis, manifest.Finality)));
        WriteParts(ref writer, manifest);
    }

    private static void WriteParts(ref MessagePackWriter writer, SnapshotManifest manifest)
    {
        writer.WriteArrayHeader(2);
        writer.WriteArrayHeader(manifest.State.Count);
        foreach (var part in manifest.State)
        {
            StatePart.Write(ref writer, part);
        }

        writer.WriteArrayHeader(manifest.History.Count);
        foreach (var part in manifest.History)
        {
            HistoryPart.Write(ref writer, part);
        }
    }

    private static SnapshotManifest Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "a manifest");
        var format = Fields.ReadText(ref reader, 64, "format");
        if (format != Format)
        {
            throw new MalformedException($"its format is '{format}', which this version does not know");
        }

        var genesis = Fields.ReadDigest(ref reader);
        var finality = ReadFinality(Fields.ReadBytes(ref reader, ProofFile.BytesMax, "finality"), genesis);
        Fields.ReadFixedArray(ref reader, 2, "the parts of a snapshot");
        List<StatePart> state = [];
        for (var left =
            Fields.ReadCount(ref reader, SnapshotLimits.Chunks, "parts of the state"); left > 0; left--)
        {
            state.Add(StatePart.Read(ref reader));
        }

        List<HistoryPart> history = [];
        for (var left =
            Fields.ReadCount(ref reader, SnapshotLimits.Chunks, "parts of the history"); left > 0; left--)
        {
            history.Add(HistoryPart.Read(ref reader));
        }

        return new(genesis, finality, state, history);
    }

    private static FinalityProof ReadFinality(byte[] bytes, Digest genesis)
        => ProofFile.TryDecode(bytes, out var proof, out var fault)
            ? proof is HeadersProof && proof.Genesis == genesis
                ? proof.Finality
                : throw new MalformedException("its finality is a proof of something else")
            : throw new MalformedException($"its finality: {fault}");
}
