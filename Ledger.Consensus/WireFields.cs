using Ledger.Core;
using MessagePack;

namespace Ledger.Consensus;

/// <summary>
/// What the encodings of both protocols have in common: how a message or record begins, and a block in it.
/// </summary>
internal static class WireFields
{
    /// <summary>[kind, fields...]</summary>
    public static void WriteHead(ref MessagePackWriter writer, byte kind, int fields)
    {
        writer.WriteArrayHeader(fields + 1);
        writer.Write(kind);
    }

    public static Block ReadBlock(ref MessagePackReader reader)
    {
        var bytes = Fields.SliceBytes(ref reader, Limits.BlockBytes, "block");
        return BlockCodec.TryDecode(bytes, out var block, out var fault)
            ? block
            : throw new MalformedException($"block: {fault}");
    }
}
