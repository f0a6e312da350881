using System.Buffers;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Cli.Submit;

/// <summary>
/// One operation in its canonical encoding. The core decodes whole transactions, so it is read as the only
/// operation of one: the same limits, and the same refusal of every other encoding.
/// </summary>
internal static class BinaryOperation
{
    public static (Operation? Operation, string? Fault) Parse(ReadOnlySpan<byte> encoded)
    {
        ArrayBufferWriter<byte> buffer = new(encoded.Length + 256);
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(2);
        writer.WriteArrayHeader(5);
        writer.Write("");
        Fields.WriteKey(ref writer, default);
        writer.Write(0L);
        writer.Write(0UL);
        writer.WriteArrayHeader(1);
        writer.WriteRaw(encoded);
        Fields.WriteSignature(ref writer, default);
        writer.Flush();
        return Transaction.TryDecode(buffer.WrittenMemory.ToArray(), out var transaction, out var fault)
            ? (transaction.Body.Operations[0], null)
            : (null, fault);
    }
}
