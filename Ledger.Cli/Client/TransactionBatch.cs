using System.Buffers;
using Ledger.Core;
using MessagePack;

namespace Ledger.Cli.Client;

/// <summary>Several transactions as one request body: an array of their canonical bytes, as they were signed.</summary>
internal static class TransactionBatch
{
    private const int HeaderBytesMax = 5;

    public static ReadOnlyMemory<byte> Encode(IReadOnlyList<Transaction> transactions)
    {
        var size = HeaderBytesMax;
        foreach (var transaction in transactions)
        {
            size += transaction.Encoded.Length;
        }

        ArrayBufferWriter<byte> buffer = new(size);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(transactions.Count);
        writer.Flush();
        foreach (var transaction in transactions)
        {
            buffer.Write(transaction.Encoded.Span);
        }

        return buffer.WrittenMemory;
    }
}
