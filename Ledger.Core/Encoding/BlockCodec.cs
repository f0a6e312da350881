using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// The canonical encoding of a block: its header, then each transaction as its own encoding. A decoded
/// block's body fits its header's transactions root, so that the header's hash identifies all of it.
/// </summary>
public static class BlockCodec
{
    /// <summary>More than a block's header and counts can take.</summary>
    public const int FrameBytes = 1024;

    /// <summary>What stands before each transaction's bytes, at most.</summary>
    public const int TransactionFrameBytes = 5;

    public static void Write(ref MessagePackWriter writer, Block block)
        => Write(ref writer, new Parts(block.Header, block.Transactions));

    /// <summary>Decodes a block and checks that its body is the one that its header names.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded, [MaybeNullWhen(false)] out Block block,
        [NotNullWhen(false)] out string? fault)
    {
        if (encoded.Length > Limits.BlockBytes)
        {
            block = null;
            fault = $"a block is longer than {Limits.BlockBytes} bytes";
            return false;
        }

        if (!Canonical.TryDecode(encoded, Read, Write, out var decoded, out fault))
        {
            block = null;
            return false;
        }

        if (TransactionTree.RootOf(decoded.Transactions) != decoded.Header.TransactionsRoot)
        {
            block = null;
            fault = "the transactions are not those that the header names";
            return false;
        }

        block = new(decoded.Header, decoded.Transactions, encoded);
        return true;
    }

    /// <summary>
    /// A block's header and how many transactions it has, without decoding these: for bytes that were checked
    /// when they came.
    /// </summary>
    public static bool TryReadOutline(
        ReadOnlyMemory<byte> encoded, out (BlockHeader Header, int Transactions) outline,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryRead(encoded, ReadOutline, out outline, out fault);

    private static void Write(ref MessagePackWriter writer, Parts parts)
    {
        writer.WriteArrayHeader(2);
        HeaderCodec.Write(ref writer, parts.Header);
        writer.WriteArrayHeader(parts.Transactions.Count);
        foreach (var transaction in parts.Transactions)
        {
            writer.Write(transaction.Encoded.Span);
        }
    }

    private static Parts Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 2, "a block");
        var header = HeaderCodec.Read(ref reader);
        var count = Fields.ReadCount(ref reader, Limits.BlockTransactions, "transactions");
        var transactions = new Transaction[count];
        for (var i = 0; i < count; i++)
        {
            var bytes = Fields.SliceBytes(ref reader, Limits.TransactionBytes, "transaction");
            if (!Transaction.TryDecode(bytes, out var transaction, out var fault))
            {
                throw new MalformedException($"transaction {i}: {fault}");
            }

            transactions[i] = transaction;
        }

        return new(header, transactions);
    }

    private static (BlockHeader Header, int Transactions) ReadOutline(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 2, "a block");
        var header = HeaderCodec.Read(ref reader);
        var count = Fields.ReadCount(ref reader, Limits.BlockTransactions, "transactions");
        for (var i = 0; i < count; i++)
        {
            Fields.SliceBytes(ref reader, Limits.TransactionBytes, "transaction");
        }

        return (header, count);
    }

    private sealed record Parts(BlockHeader Header, IReadOnlyList<Transaction> Transactions);
}
