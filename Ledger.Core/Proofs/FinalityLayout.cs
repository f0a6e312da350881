using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>The fields of what shows that a header is final, in their order, for both forms.</summary>
internal static class FinalityLayout
{
    private const int HeaderFields = 10;

    /// <summary>Each validator comes once and leaves once at most.</summary>
    private const int ChangesMax = 2 * Limits.Validators;

    public static void Write(IFieldWriter writer, FinalityProof finality)
    {
        writer.BeginRecord("finality", finality.Changes.Count > 0 ? 4 : 3);
        WriteHeader(writer, "header", finality.Header);
        writer.BeginList("path", finality.Path.Count);
        foreach (var header in finality.Path)
        {
            WriteHeader(writer, FieldForms.Item, header);
        }

        writer.EndList();
        WriteCertificate(writer, finality.View, finality.Signers);
        if (finality.Changes.Count > 0)
        {
            writer.BeginList("changes", finality.Changes.Count);
            foreach (var change in finality.Changes)
            {
                WriteChange(writer, change);
            }

            writer.EndList();
        }

        writer.EndRecord();
    }

    /// <param name="hasChanges">Whether the format is one of a chain whose validators have changed.</param>
    public static FinalityProof Read(IFieldReader reader, bool hasChanges)
        => reader.Record("finality", hasChanges ? 4 : 3, fields =>
        {
            var header = ReadHeader(fields, "header");
            var path = fields.List(
                "path", ProofFile.HeadersMax, static item => ReadHeader(item, FieldForms.Item));
            var (view, signers) = ReadCertificate(fields);
            FinalityProof finality = new(header, path, view, signers);
            if (!hasChanges)
            {
                return finality;
            }

            var changes = fields.List("changes", ChangesMax, ReadChange);
            return changes.Length > 0
                ? finality with { Changes = changes }
                : throw new MalformedException(
                    "'changes' is empty, and its format is that of a chain with some");
        });

    private static void WriteCertificate(IFieldWriter writer, View view, IReadOnlyList<Signer> signers)
    {
        writer.BeginRecord("certificate", 2);
        writer.Number("view", view.Value);
        writer.BeginList("signers", signers.Count);
        Span<byte> signature = stackalloc byte[Signature.Size];
        foreach (var signer in signers)
        {
            writer.BeginRecord(FieldForms.Item, 2);
            writer.Number("validator", (ulong)signer.Validator.Value);
            signer.Signature.CopyTo(signature);
            writer.Bytes("signature", signature);
            writer.EndRecord();
        }

        writer.EndList();
        writer.EndRecord();
    }

    private static (View View, Signer[] Signers) ReadCertificate(IFieldReader reader)
        => reader.Record("certificate", 2, static certificate => (
            new View(certificate.Number("view")),
            certificate.List("signers", Limits.Validators, static item => item.Record(
                FieldForms.Item, 2, static signer => new Signer(
                    ReadSeat(signer, "validator"), new(signer.Fixed("signature", Signature.Size)))))));

    private static void WriteChange(IFieldWriter writer, CertifiedChange change)
    {
        writer.BeginRecord(FieldForms.Item, 3);
        WriteHeader(writer, "header", change.Header);
        WriteCertificate(writer, change.View, change.Signers);
        writer.BeginList("seats", change.Seats.Count);
        Span<byte> key = stackalloc byte[PublicKey.Size];
        foreach (var (seat, validator) in change.Seats)
        {
            validator?.PublicKey.CopyTo(key);
            writer.BeginRecord(FieldForms.Item, 3);
            writer.Number("validator", (ulong)seat.Value);
            writer.Text("name", validator?.Name ?? "");
            writer.Bytes("publicKey", validator is null ? [] : key);
            writer.EndRecord();
        }

        writer.EndList();
        writer.EndRecord();
    }

    private static CertifiedChange ReadChange(IFieldReader reader)
        => reader.Record(FieldForms.Item, 3, static change =>
        {
            var header = ReadHeader(change, "header");
            var (view, signers) = ReadCertificate(change);
            var seats = change.List(
                "seats", Limits.Validators, static item => item.Record(FieldForms.Item, 3, ReadSeatChange));
            return new CertifiedChange(header, view, signers, seats);
        });

    private static SeatChange ReadSeatChange(IFieldReader reader)
    {
        var seat = ReadSeat(reader, "validator");
        var name = reader.Text("name");
        var key = reader.Bytes("publicKey", PublicKey.Size);
        if (name.Length == 0 && key.Length == 0)
        {
            return new(seat, null);
        }

        return TransactionRules.IsName(name) && key.Length == PublicKey.Size
            ? new(seat, new(name, new(key)))
            : throw new MalformedException("a seat is given to a name and a key, or emptied by neither");
    }

    private static ValidatorIndex ReadSeat(IFieldReader reader, string name)
        => new(reader.SmallNumber(name, Limits.Validators - 1));

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
            ReadSeat(fields, "proposer"), fields.Digest("transactionsRoot"), fields.Digest("receiptsRoot"),
            fields.Digest("stateRoot"), fields.Digest("validatorsHash"), fields.Digest(
                "nextValidatorsHash")));

    private static Timestamp ReadTime(IFieldReader reader)
        => reader.Number("time") is var time and <= long.MaxValue
            ? new((long)time)
            : throw new MalformedException("'time' is beyond all clocks");
}
