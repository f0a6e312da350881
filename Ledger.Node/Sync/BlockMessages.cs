using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Node.Sync;

/// <summary>A question for blocks: one by its hash, or a range from a height on.</summary>
/// <param name="Id">Chosen by who asks; the answer carries it.</param>
/// <param name="Hash">Set when one block is asked for.</param>
/// <param name="From">The first height of a range, otherwise the height where the block is expected.</param>
internal sealed record BlockRequest(ulong Id, Digest? Hash, Height From)
{
    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out BlockRequest request)
        => Canonical.TryDecode(bytes, Read, Write, out request, out _);

    private static void Write(ref MessagePackWriter writer, BlockRequest request)
    {
        writer.WriteArrayHeader(request.Hash is null ? 2 : 3);
        writer.Write(request.Id);
        writer.Write(request.From.Value);
        if (request.Hash is { } hash)
        {
            Fields.WriteDigest(ref writer, hash);
        }
    }

    private static BlockRequest Read(ref MessagePackReader reader)
    {
        var fields = Fields.ReadCount(ref reader, 3, "fields of a request");
        var id = reader.ReadUInt64();
        var from = Fields.ReadHeight(ref reader);
        return new(id, fields == 3 ? Fields.ReadDigest(ref reader) : null, from);
    }
}

/// <summary>
/// An answer: blocks, ascending, and the commit certificates known for them. Empty when there is none.
/// </summary>
internal sealed record BlockResponse(
    ulong Id, IReadOnlyList<ReadOnlyMemory<byte>> Blocks, IReadOnlyList<QuorumCertificate> Certificates)
{
    /// <summary>Whoever answers has no block below this: it was pruned, or never had it.</summary>
    public Height Lowest { get; init; }

    /// <summary>Blocks in one answer.</summary>
    public const int BlocksMax = 64;

    /// <summary>Bytes of blocks in one answer, one block of any size excepted.</summary>
    public const int BytesMax = 2 * 1024 * 1024;

    public byte[] Encode() => Canonical.Encode(this, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [MaybeNullWhen(false)] out BlockResponse response)
        => Canonical.TryRead(bytes, Read, out response, out _);

    private static void Write(ref MessagePackWriter writer, BlockResponse response)
    {
        writer.WriteArrayHeader(4);
        writer.Write(response.Id);
        writer.Write(response.Lowest.Value);
        writer.WriteArrayHeader(response.Blocks.Count);
        foreach (var block in response.Blocks)
        {
            writer.Write(block.Span);
        }

        writer.WriteArrayHeader(response.Certificates.Count);
        foreach (var certificate in response.Certificates)
        {
            CertificateCodec.Write(ref writer, certificate);
        }
    }

    private static BlockResponse Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 4, "an answer");
        var id = reader.ReadUInt64();
        var lowest = Fields.ReadHeight(ref reader);
        var blocks = new ReadOnlyMemory<byte>[Fields.ReadCount(ref reader, BlocksMax, "blocks")];
        for (var i = 0; i < blocks.Length; i++)
        {
            blocks[i] = Fields.ReadBytes(ref reader, Limits.BlockBytes, "block");
        }

        var certificates = new QuorumCertificate[Fields.ReadCount(ref reader, BlocksMax, "certificates")];
        for (var i = 0; i < certificates.Length; i++)
        {
            certificates[i] = CertificateCodec.Read(ref reader);
        }

        return new(id, blocks, certificates) { Lowest = lowest };
    }
}
