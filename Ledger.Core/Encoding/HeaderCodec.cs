using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>The canonical encoding of a header, and the hash over it.</summary>
public static class HeaderCodec
{
    private const int FieldCount = 10;

    private static ReadOnlySpan<byte> Domain => "ledger/header/v1"u8;

    public static Digest HashOf(BlockHeader header) => Sha256.Hash(Domain, Canonical.Encode(header, Write));

    public static void Write(ref MessagePackWriter writer, BlockHeader header)
    {
        writer.WriteArrayHeader(FieldCount);
        writer.Write(header.ChainId);
        writer.Write(header.Height.Value);
        Fields.WriteDigest(ref writer, header.Parent);
        writer.Write(header.Time.UnixMilliseconds);
        writer.Write(header.Proposer.Value);
        Fields.WriteDigest(ref writer, header.TransactionsRoot);
        Fields.WriteDigest(ref writer, header.ReceiptsRoot);
        Fields.WriteDigest(ref writer, header.StateRoot);
        Fields.WriteDigest(ref writer, header.ValidatorsHash);
        Fields.WriteDigest(ref writer, header.NextValidatorsHash);
    }

    public static BlockHeader Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, FieldCount, "a header");
        return new(
            Fields.ReadText(ref reader, Limits.ChainIdBytes, "chain id"),
            Fields.ReadHeight(ref reader),
            Fields.ReadDigest(ref reader),
            new(reader.ReadInt64()),
            Fields.ReadValidator(ref reader),
            Fields.ReadDigest(ref reader),
            Fields.ReadDigest(ref reader),
            Fields.ReadDigest(ref reader),
            Fields.ReadDigest(ref reader),
            Fields.ReadDigest(ref reader));
    }
}
