using System.Text.Json;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The fields of every proof, in their order, for both forms: format, genesis, the claim, and the finality
/// that it is proven against. A change here is a new format name.
/// </summary>
internal static class ProofLayout
{
    private const string ReceiptFormat = "ledger/receipt";
    private const string HeadersFormat = "ledger/headers";
    private const string KeyFormat = "ledger/state-key";
    private const string PrefixFormat = "ledger/state-prefix";

    /// <summary>The validators are those of genesis.</summary>
    private const string Unchanged = "/v1";

    /// <summary>The validators have changed since genesis: finality has one field more.</summary>
    private const string Changed = "/v2";

    private const int ProofFields = 4;
    private const int StepBytes = 1 + Digest.Size;

    /// <summary>Levels of the tree over the largest block.</summary>
    private const int PathSteps = 16;

    private static readonly FailureReason[] Reasons = Enum.GetValues<FailureReason>();

    public static string NameOf(FailureReason reason)
        => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    public static void Write(IFieldWriter writer, Proof proof)
    {
        writer.BeginRecord(FieldForms.Item, ProofFields);
        writer.Text("format", FormatOf(proof));
        writer.Digest("genesis", proof.Genesis);
        WriteClaim(writer, proof);
        FinalityLayout.Write(writer, proof.Finality);
        writer.EndRecord();
    }

    public static Proof Read(IFieldReader reader)
        => reader.Record<Proof>(FieldForms.Item, ProofFields, static fields =>
        {
            // First of all: what a newer version has written is not malformed.
            var format = fields.Text("format");
            var hasChanges = format.EndsWith(Changed, StringComparison.Ordinal);
            var kind = hasChanges || format.EndsWith(Unchanged, StringComparison.Ordinal)
                ? format[..^Changed.Length]
                : "";
            if (kind is not (ReceiptFormat or HeadersFormat or KeyFormat or PrefixFormat))
            {
                throw new MalformedException($"its format is '{format}', which this version does not know");
            }

            var genesis = fields.Digest("genesis");
            return kind switch
            {
                ReceiptFormat => ReadReceipt(fields, genesis, hasChanges),
                HeadersFormat => ReadHeaders(fields, genesis, hasChanges),
                KeyFormat => StateProofLayout.ReadKey(fields, genesis, hasChanges),
                _ => StateProofLayout.ReadPrefix(fields, genesis, hasChanges),
            };
        });

    private static string FormatOf(Proof proof)
        => KindOf(proof) + (proof.Finality.Changes.Count > 0 ? Changed : Unchanged);

    private static string KindOf(Proof proof) => proof switch
    {
        ReceiptProof => ReceiptFormat,
        HeadersProof => HeadersFormat,
        KeyProof => KeyFormat,
        PrefixProof => PrefixFormat,
        _ => throw new ArgumentOutOfRangeException(nameof(proof), "A proof of no known kind."),
    };

    private static void WriteClaim(IFieldWriter writer, Proof proof)
    {
        switch (proof)
        {
            case ReceiptProof receipt:
                WriteReceipt(writer, receipt);
                break;
            case KeyProof key:
                StateProofLayout.Write(writer, key);
                break;
            case PrefixProof prefix:
                StateProofLayout.Write(writer, prefix);
                break;
            default:
                writer.BeginRecord("claim", 0);
                break;
        }

        writer.EndRecord();
    }

    private static void WriteReceipt(IFieldWriter writer, ReceiptProof proof)
    {
        writer.BeginRecord("claim", 6);
        writer.Bytes("transaction", proof.Transaction.Encoded.Span);
        writer.Digest("hash", proof.Receipt.Transaction);
        writer.Text("failure", NameOf(proof.Receipt.Failure));
        writer.Number("failedOperation", (ulong)proof.Receipt.FailedOperation);
        WritePath(writer, "transactionPath", proof.TransactionPath);
        WritePath(writer, "receiptPath", proof.ReceiptPath);
    }

    private static ReceiptProof ReadReceipt(IFieldReader reader, Digest genesis, bool hasChanges)
    {
        var claim = reader.Record("claim", 6, static fields => (
            Transaction: ReadTransaction(fields),
            Receipt: new Receipt(
                fields.Digest("hash"), ReadReason(fields),
                fields.SmallNumber("failedOperation", Limits.TransactionOperations - 1)),
            TransactionPath: ReadPath(fields, "transactionPath"),
            ReceiptPath: ReadPath(fields, "receiptPath")));
        return new(
            genesis, claim.Transaction, claim.Receipt, claim.TransactionPath, claim.ReceiptPath,
            FinalityLayout.Read(reader, hasChanges));
    }

    private static HeadersProof ReadHeaders(IFieldReader reader, Digest genesis, bool hasChanges)
    {
        reader.Record("claim", 0, static _ => true);
        return new(genesis, FinalityLayout.Read(reader, hasChanges));
    }

    private static Transaction ReadTransaction(IFieldReader reader)
        => Transaction.TryDecode(
            reader.Bytes("transaction", Limits.TransactionBytes), out var transaction, out var fault)
            ? transaction
            : throw new MalformedException($"'transaction' is malformed: {fault}");

    private static FailureReason ReadReason(IFieldReader reader)
    {
        var name = reader.Text("failure");
        var index = Array.FindIndex(Reasons, reason => NameOf(reason) == name);
        return index >= 0
            ? Reasons[index] : throw new MalformedException($"'failure' is '{name}', which is no reason");
    }

    private static void WritePath(IFieldWriter writer, string name, MerklePath path)
    {
        Span<byte> bytes = stackalloc byte[StepBytes];
        writer.BeginList(name, path.Steps.Count);
        foreach (var step in path.Steps)
        {
            bytes[0] = step.IsLeft ? (byte)0 : (byte)1;
            step.Sibling.CopyTo(bytes[1..]);
            writer.Bytes(FieldForms.Item, bytes);
        }

        writer.EndList();
    }

    private static MerklePath ReadPath(IFieldReader reader, string name)
        => new(reader.List(name, PathSteps, static item =>
        {
            var bytes = item.Fixed(FieldForms.Item, StepBytes);
            return bytes[0] <= 1
                ? new MerkleStep(bytes[0] == 0, new(bytes.AsSpan(1)))
                : throw new MalformedException(
                    "a step of a path begins with 00 (sibling at the left) or 01 (right)");
        }));
}
