using System.Text.Json;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The fields of every proof, in their order, for both forms: format, genesis, the claim, and the finality that it is
/// proven against. A change here is a new format name.
/// </summary>
internal static class ProofLayout
{
    private const string ReceiptFormat = "ledger/receipt/v1";
    private const string HeadersFormat = "ledger/headers/v1";
    private const string KeyFormat = "ledger/state-key/v1";
    private const string PrefixFormat = "ledger/state-prefix/v1";

    private const int ProofFields = 4;
    private const int HeaderFields = 10;
    private const int StepBytes = 1 + Digest.Size;

    /// <summary>Levels of the tree over the largest block.</summary>
    private const int PathSteps = 16;

    private static readonly FailureReason[] Reasons = Enum.GetValues<FailureReason>();

    public static string NameOf(FailureReason reason) => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    public static void Write(IFieldWriter writer, Proof proof)
    {
        writer.BeginRecord(FieldForms.Item, ProofFields);
        writer.Text("format", FormatOf(proof));
        writer.Digest("genesis", proof.Genesis);
        WriteClaim(writer, proof);
        WriteFinality(writer, proof.Finality);
        writer.EndRecord();
    }

    public static Proof Read(IFieldReader reader)
        => reader.Record<Proof>(FieldForms.Item, ProofFields, static fields =>
        {
            // First of all: what a newer version has written is not malformed.
            var format = fields.Text("format");
            if (format is not (ReceiptFormat or HeadersFormat or KeyFormat or PrefixFormat))
            {
                throw new MalformedException($"its format is '{format}', which this version does not know");
            }

            var genesis = fields.Digest("genesis");
            return format switch
            {
                ReceiptFormat => ReadReceipt(fields, genesis),
                HeadersFormat => ReadHeaders(fields, genesis),
                KeyFormat => StateProofLayout.ReadKey(fields, genesis),
                _ => StateProofLayout.ReadPrefix(fields, genesis),
            };
        });

    private static string FormatOf(Proof proof) => proof switch
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

    private static ReceiptProof ReadReceipt(IFieldReader reader, Digest genesis)
    {
        var claim = reader.Record("claim", 6, static fields => (
            Transaction: ReadTransaction(fields),
            Receipt: new Receipt(
                fields.Digest("hash"), ReadReason(fields),
                fields.SmallNumber("failedOperation", Limits.TransactionOperations - 1)),
            TransactionPath: ReadPath(fields, "transactionPath"),
            ReceiptPath: ReadPath(fields, "receiptPath")));
        return new(
            genesis, claim.Transaction, claim.Receipt, claim.TransactionPath, claim.ReceiptPath, ReadFinality(reader));
    }

    private static HeadersProof ReadHeaders(IFieldReader reader, Digest genesis)
    {
        reader.Record("claim", 0, static _ => true);
        return new(genesis, ReadFinality(reader));
    }

    private static void WriteFinality(IFieldWriter writer, FinalityProof finality)
    {
        writer.BeginRecord("finality", 3);
        WriteHeader(writer, "header", finality.Header);
        writer.BeginList("path", finality.Path.Count);
        foreach (var header in finality.Path)
        {
            WriteHeader(writer, FieldForms.Item, header);
        }

        writer.EndList();
        writer.BeginRecord("certificate", 2);
        writer.Number("view", finality.View.Value);
        writer.BeginList("signers", finality.Signers.Count);
        Span<byte> signature = stackalloc byte[Signature.Size];
        foreach (var signer in finality.Signers)
        {
            writer.BeginRecord(FieldForms.Item, 2);
            writer.Number("validator", (ulong)signer.Validator.Value);
            signer.Signature.CopyTo(signature);
            writer.Bytes("signature", signature);
            writer.EndRecord();
        }

        writer.EndList();
        writer.EndRecord();
        writer.EndRecord();
    }

    public static FinalityProof ReadFinality(IFieldReader reader)
        => reader.Record("finality", 3, static fields =>
        {
            var header = ReadHeader(fields, "header");
            var path = fields.List("path", ProofFile.HeadersMax, static item => ReadHeader(item, FieldForms.Item));
            var (view, signers) = fields.Record("certificate", 2, static certificate => (
                new View(certificate.Number("view")),
                certificate.List("signers", Limits.Validators, static item => item.Record(
                    FieldForms.Item, 2, static signer => new Signer(
                        new(signer.SmallNumber("validator", Limits.Validators - 1)),
                        new(signer.Fixed("signature", Signature.Size)))))));
            return new FinalityProof(header, path, view, signers);
        });

    private static void WriteHeader(IFieldWriter writer, string name, BlockHeader header)
    {
        writer.BeginRecord(name, HeaderFields);
        writer.Text("chainId", header.ChainId);
        writer.Number("height", header.Height.Value);
        writer.Digest("parent", header.Parent);
        writer.Number("time", (ulong)header.Time.UnixMilliseconds);
        writer.Number("proposer", (ulong)header.Proposer.Value);
        writer.Digest("transactionsRoot", header.TransactionsRoot);
        writer.Digest("receiptsRoot", header.ReceiptsRoot);
        writer.Digest("stateRoot", header.StateRoot);
        writer.Digest("validatorsHash", header.ValidatorsHash);
        writer.Digest("nextValidatorsHash", header.NextValidatorsHash);
        writer.EndRecord();
    }

    private static BlockHeader ReadHeader(IFieldReader reader, string name)
        => reader.Record(name, HeaderFields, static fields => new BlockHeader(
            fields.Text("chainId"), new(fields.Number("height")), fields.Digest("parent"), ReadTime(fields),
            new(fields.SmallNumber("proposer", Limits.Validators - 1)), fields.Digest("transactionsRoot"),
            fields.Digest("receiptsRoot"), fields.Digest("stateRoot"), fields.Digest("validatorsHash"),
            fields.Digest("nextValidatorsHash")));

    private static Timestamp ReadTime(IFieldReader reader)
        => reader.Number("time") is var time and <= long.MaxValue
            ? new((long)time)
            : throw new MalformedException("'time' is beyond all clocks");

    private static Transaction ReadTransaction(IFieldReader reader)
        => Transaction.TryDecode(reader.Bytes("transaction", Limits.TransactionBytes), out var transaction, out var fault)
            ? transaction
            : throw new MalformedException($"'transaction' is malformed: {fault}");

    private static FailureReason ReadReason(IFieldReader reader)
    {
        var name = reader.Text("failure");
        var index = Array.FindIndex(Reasons, reason => NameOf(reason) == name);
        return index >= 0 ? Reasons[index] : throw new MalformedException($"'failure' is '{name}', which is no reason");
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
                : throw new MalformedException("a step of a path begins with 00 (sibling at the left) or 01 (right)");
        }));
}
