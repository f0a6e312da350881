using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>The canonical encoding of receipts, and the RFC 6962 tree over a block's.</summary>
public static class ReceiptCodec
{
    public static Digest RootOf(IReadOnlyList<Receipt> receipts)
    {
        var leaves = new Digest[receipts.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = MerkleTree.LeafHash(Canonical.Encode(receipts[i], Write));
        }

        return MerkleTree.Root(leaves);
    }

    /// <summary>All receipts of one block, as storage keeps them.</summary>
    public static byte[] EncodeAll(IReadOnlyList<Receipt> receipts) => Canonical.Encode(receipts, WriteAll);

    public static bool TryDecodeAll(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out IReadOnlyList<Receipt> receipts,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadAll, WriteAll, out receipts, out fault);

    public static void Write(ref MessagePackWriter writer, Receipt receipt)
    {
        writer.WriteArrayHeader(3);
        Fields.WriteDigest(ref writer, receipt.Transaction);
        writer.Write((byte)receipt.Failure);
        writer.Write(receipt.FailedOperation);
    }

    public static Receipt Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 3, "a receipt");
        return new(Fields.ReadDigest(ref reader), (FailureReason)reader.ReadByte(), reader.ReadByte());
    }

    private static void WriteAll(ref MessagePackWriter writer, IReadOnlyList<Receipt> receipts)
    {
        writer.WriteArrayHeader(receipts.Count);
        foreach (var receipt in receipts)
        {
            Write(ref writer, receipt);
        }
    }

    private static IReadOnlyList<Receipt> ReadAll(ref MessagePackReader reader)
    {
        var receipts = new Receipt[Fields.ReadCount(ref reader, Limits.BlockTransactions, "receipts")];
        for (var i = 0; i < receipts.Length; i++)
        {
            receipts[i] = Read(ref reader);
        }

        return receipts;
    }
}
