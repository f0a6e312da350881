using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// The canonical encoding of a transaction: [[chain, sender, valid-until, nonce, operations], signature].
/// </summary>
internal static class TransactionCodec
{
    private const byte PairHeader = 0x92;
    private const byte Bin8 = 0xc4;
    private const int SignatureFieldBytes = 2 + Signature.Size;

    public static Digest HashOfBody(ReadOnlySpan<byte> encodedBody) => Sha256.Hash(encodedBody);

    /// <summary>The body's bytes inside a canonical transaction.</summary>
    public static ReadOnlySpan<byte> BodyOf(ReadOnlySpan<byte> encoded) => encoded[1..^SignatureFieldBytes];

    public static byte[] Join(ReadOnlySpan<byte> encodedBody, Signature signature)
    {
        var encoded = new byte[1 + encodedBody.Length + SignatureFieldBytes];
        encoded[0] = PairHeader;
        encodedBody.CopyTo(encoded.AsSpan(1));
        encoded[^SignatureFieldBytes] = Bin8;
        encoded[^(SignatureFieldBytes - 1)] = Signature.Size;
        signature.CopyTo(encoded.AsSpan(encoded.Length - Signature.Size));
        return encoded;
    }

    public static void WriteBody(ref MessagePackWriter writer, TransactionBody body)
    {
        writer.WriteArrayHeader(5);
        writer.Write(body.ChainId);
        Fields.WriteKey(ref writer, body.Sender);
        writer.Write(body.ValidUntil.UnixMilliseconds);
        writer.Write(body.Nonce);
        writer.WriteArrayHeader(body.Operations.Count);
        foreach (var operation in body.Operations)
        {
            OperationCodec.Write(ref writer, operation);
        }
    }

    public static void Write(ref MessagePackWriter writer, Parts parts)
    {
        writer.WriteArrayHeader(2);
        WriteBody(ref writer, parts.Body);
        Fields.WriteSignature(ref writer, parts.Signature);
    }

    public static Parts Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 2, "a transaction");
        Fields.ReadFixedArray(ref reader, 5, "a transaction's body");
        var chainId = Fields.ReadText(ref reader, Limits.ChainIdBytes, "chain id");
        var sender = Fields.ReadKey(ref reader);
        var validUntil = new Timestamp(reader.ReadInt64());
        var nonce = reader.ReadUInt64();
        var count = Fields.ReadCount(ref reader, Limits.TransactionOperations, "operations");
        if (count == 0)
        {
            throw new MalformedException("a transaction has at least one operation");
        }

        var operations = new Operation[count];
        for (var i = 0; i < count; i++)
        {
            operations[i] = OperationCodec.Read(ref reader);
        }

        return new(new(chainId, sender, validUntil, nonce, operations), Fields.ReadSignature(ref reader));
    }

    /// <summary>A transaction before its hash is known.</summary>
    internal readonly record struct Parts(TransactionBody Body, Signature Signature);
}
