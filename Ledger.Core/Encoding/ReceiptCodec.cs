using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Ledger.Core;

/// <summary>The canonical encoding of receipts, one and all of a block's.</summary>
public static class ReceiptCodec
{
    public static byte[] Encode(Receipt receipt) => Canonical.Encode(receipt, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Receipt receipt,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, Read, Write, out receipt, out fault);

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
        var receipt = new Receipt(Fields.ReadDigest(ref reader), ReadReason(ref reader), reader.ReadByte());
        if (receipt.FailedOperation >= Limits.TransactionOperations)
        {
            throw new MalformedException($"no transaction has an operation {receipt.FailedOperation}");
        }

        return receipt.IsApplied && receipt.FailedOperation != 0
            ? throw new MalformedException("a receipt without a failure names no operation")
            : receipt;
    }

    private static FailureReason ReadReason(ref MessagePackReader reader)
    {
        var reason = (FailureReason)reader.ReadByte();
        return Enum.IsDefined(reason)
            ? reason
            : throw new MalformedException($"no failure has number {(byte)reason}");
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
