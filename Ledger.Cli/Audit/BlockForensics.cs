using Ledger.Core;
using MessagePack;

namespace Ledger.Cli.Audit;

/// <summary>Finds where in a block's record the fault lies, once it is known that there is one.</summary>
internal static class BlockForensics
{
    /// <param name="record">A block's record that cannot be read, or whose body its header does not
    /// name.</param>
    /// <returns>The bytes of the first part that is not well formed or not signed; all of them when none
    /// stands out.</returns>
    public static (Range Bytes, string Part) Locate(ReadOnlyMemory<byte> record)
    {
        var part = "the block";
        var start = 0;
        try
        {
            MessagePackReader reader = new(record);
            part = "the block's frame";
            Fields.ReadFixedArray(ref reader, 2, "a block");
            (start, part) = ((int)reader.Consumed, "the header");
            HeaderCodec.Read(ref reader);
            (start, part) = ((int)reader.Consumed, "the number of transactions");
            var count = Fields.ReadCount(ref reader, Limits.BlockTransactions, "transactions");
            for (var i = 0; i < count; i++)
            {
                (start, part) = ((int)reader.Consumed, $"transaction {i}");
                var bytes = Fields.ReadBytes(ref reader, Limits.TransactionBytes, part);
                if (!Transaction.TryDecode(bytes, out var transaction, out _)
                    || !transaction.SignatureIsValid())
                {
                    return (start..(int)reader.Consumed, part);
                }
            }

            start = (int)reader.Consumed;
            return start < record.Length ? (start..record.Length, "what follows the block")
                : (0..record.Length, "the block");
        }
        catch (Exception exception) when (exception is MalformedException or MessagePackSerializationException
            or EndOfStreamException or OverflowException or InvalidOperationException)
        {
            return (start..record.Length, part);
        }
    }
}
