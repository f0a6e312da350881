using System.Buffers;
using Ledger.Core;
using MessagePack;

namespace Ledger.Cli.Client;

/// <summary>
/// Several transactions as one request body: an array of byte strings, each the canonical encoding as it was
/// signed.
/// </summary>
internal static class TransactionBatch
{
    private const int HeaderBytesMax = 5;

    public static ReadOnlyMemory<byte> Encode(IReadOnlyList<Transaction> transactions)
    {
        var size = HeaderBytesMax;
        foreach (var transaction in transactions)
        {
            size += HeaderBytesMax + transaction.Encoded.Length;
        }

        ArrayBufferWriter<byte> buffer = new(size);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(transactions.Count);
        foreach (var transaction in transactions)
        {
            writer.Write(transaction.Encoded.Span);
        }

        writer.Flush();

        return buffer.WrittenMemory;
    }
}
