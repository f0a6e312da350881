using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The canonical encodings of PBFT's envelopes and journal records: [kind, fields...]. Blocks travel as byte
/// strings in their own encoding, so that they are encoded once and hashed once.
/// </summary>
public static class PbftCodec
{
    /// <summary>The largest view a message may name: far beyond use, far below overflow.</summary>
    public const ulong ViewMax = 1UL << 48;

    private enum Kind : byte
    {
        PrePrepare = 1,
        Prepare = 2,
        Commit = 3,
        ViewChange = 4,
        NewView = 5,
        Status = 6,
        ReadQuery = 7,
        ReadAnswer = 8,
        Accepted = 16,
        Certified = 17,
        LeftFor = 18,
        Entered = 19,
        BaseFinal = 20,
    }

    public static byte[] EncodeEnvelope(Envelope envelope) => Canonical.Encode(envelope, WriteEnvelope);

    public static bool TryDecodeEnvelope(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Envelope envelope,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadEnvelope, WriteEnvelope, out envelope, out fault);

    public static byte[] EncodeRecord(JournalRecord record) => Canonical.Encode(record, WriteRecord);

    /// <summary>
    /// Decodes a record of our own journal; a fault means a damaged disk, not a lying peer.
    /// </summary>
    public static bool TryDecodeRecord(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out JournalRecord record,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, ReadRecord, WriteRecord, out record, out fault);

    private static void WriteEnvelope(ref MessagePackWriter writer, Envelope envelope)
    {
        writer.WriteArrayHeader(3);
        writer.Write(envelope.From.Value);
        WriteMessage(ref writer, envelope.Message);
        Fields.WriteSignature(ref writer, envelope.Signature);
    }

    private static Envelope ReadEnvelope(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 3, "an envelope");
        return new(
            Fields.ReadValidator(ref reader), ReadMessage(ref reader), Fields.ReadSignature(ref reader));
    }

    private static void WriteMessage(ref MessagePackWriter writer, Message message)
    {
        switch (message)
        {
            case PrePrepare proposal:
                WriteHead(ref writer, Kind.PrePrepare, 2);
                writer.Write(proposal.View.Value);
                writer.Write(proposal.Block.Encoded.Span);
                break;
            case Prepare prepare:
                WriteHead(ref writer, Kind.Prepare, 1);
                CertificateCodec.WriteSubject(ref writer, prepare.Subject);
                break;
            case Commit commit:
                WriteHead(ref writer, Kind.Commit, 1);
                CertificateCodec.WriteSubject(ref writer, commit.Subject);
                break;
            case ViewChange viewChange:
                WriteHead(ref writer, Kind.ViewChange, 2);
                writer.Write(viewChange.Target.Value);
                CertificateCodec.Write(ref writer, viewChange.Highest);
                break;
            case NewView newView:
                WriteHead(ref writer, Kind.NewView, 3);
                WriteNewView(ref writer, newView);
                break;
            case Status status:
                WriteHead(ref writer, Kind.Status, 3);
                writer.Write(status.View.Value);
                writer.Write(status.Entered);
                writer.Write(status.Committed.Value);
                break;
            case ReadQuery query:
                WriteHead(ref writer, Kind.ReadQuery, 1);
                writer.Write(query.Question);
                break;
            case ReadAnswer answer:
                WriteHead(ref writer, Kind.ReadAnswer, 3);
                writer.Write(answer.Question);
                CertificateCodec.Write(ref writer, answer.Highest);
                writer.Write(answer.Committed.Value);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), "Not a message of PBFT.");
        }
    }

    private static Message ReadMessage(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.PrePrepare, 2) => new PrePrepare(ReadView(ref reader), WireFields.ReadBlock(ref reader)),
            (Kind.Prepare, 1) => new Prepare(ReadSubject(ref reader)),
            (Kind.Commit, 1) => new Commit(ReadSubject(ref reader)),
            (Kind.ViewChange, 2) => new ViewChange(ReadView(ref reader), ReadPrepared(ref reader)),
            (Kind.NewView, 3) => ReadNewView(ref reader),
            (Kind.Status, 3) => new Status(
                ReadView(ref reader), reader.ReadBoolean(), Fields.ReadHeight(ref reader)),
            (Kind.ReadQuery, 1) => new ReadQuery(reader.ReadUInt64()),
            (Kind.ReadAnswer, 3) => new ReadAnswer(
                reader.ReadUInt64(), ReadPrepared(ref reader), Fields.ReadHeight(ref reader)),
            _ => throw new MalformedException($"no message has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static void WriteRecord(ref MessagePackWriter writer, JournalRecord record)
    {
        switch (record)
        {
            case Accepted accepted:
                WriteHead(ref writer, Kind.Accepted, 2);
                writer.Write(accepted.View.Value);
                writer.Write(accepted.Block.Encoded.Span);
                break;
            case Certified certified:
                WriteHead(ref writer, Kind.Certified, 1);
                CertificateCodec.Write(ref writer, certified.Certificate);
                break;
            case LeftFor left:
                WriteHead(ref writer, Kind.LeftFor, 2);
                writer.Write(left.Target.Value);
                CertificateCodec.Write(ref writer, left.Report);
                break;
            case Entered entered:
                WriteHead(ref writer, Kind.Entered, entered.Signature is null ? 3 : 4);
                WriteNewView(ref writer, entered.NewView);
                if (entered.Signature is { } signature)
                {
                    Fields.WriteSignature(ref writer, signature);
                }

                break;
            case BaseFinal settled:
                WriteHead(ref writer, Kind.BaseFinal, 1);
                writer.Write(settled.View.Value);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(record), "Not a record of PBFT.");
        }
    }

    private static JournalRecord ReadRecord(ref MessagePackReader reader)
    {
        var fields = reader.ReadArrayHeader() - 1;
        var kind = (Kind)reader.ReadByte();
        return (kind, fields) switch
        {
            (Kind.Accepted, 2) => new Accepted(ReadView(ref reader), WireFields.ReadBlock(ref reader)),
            (Kind.Certified, 1) => new Certified(ReadPrepared(ref reader)),
            (Kind.LeftFor, 2) => new LeftFor(ReadView(ref reader), ReadPrepared(ref reader)),
            (Kind.Entered, 3) => new Entered(ReadNewView(ref reader), null),
            (Kind.Entered, 4) => new Entered(ReadNewView(ref reader), Fields.ReadSignature(ref reader)),
            (Kind.BaseFinal, 1) => new BaseFinal(ReadView(ref reader)),
            _ => throw new MalformedException($"no record has kind {(byte)kind} with {fields} fields"),
        };
    }

    private static void WriteNewView(ref MessagePackWriter writer, NewView newView)
    {
        writer.Write(newView.View.Value);
        CertificateCodec.Write(ref writer, newView.Base);
        writer.WriteArrayHeader(3 * newView.Timeout.Reports.Count);
        foreach (var report in newView.Timeout.Reports)
        {
            writer.Write(report.Validator.Value);
            CertificateCodec.WriteSubject(ref writer, report.Highest);
            Fields.WriteSignature(ref writer, report.Signature);
        }
    }

    private static NewView ReadNewView(ref MessagePackReader reader)
    {
        var view = ReadView(ref reader);
        var certificate = ReadPrepared(ref reader);
        var count = Fields.ReadCount(ref reader, 3 * Limits.Validators, "reports");
        if (count == 0 || count % 3 != 0)
        {
            throw new MalformedException("a timeout certificate has reports of three fields each");
        }

        var reports = new Report[count / 3];
        for (var i = 0; i < reports.Length; i++)
        {
            reports[i] = new(
                Fields.ReadValidator(ref reader), ReadSubject(ref reader), Fields.ReadSignature(ref reader));
            if (i > 0 && reports[i].Validator.CompareTo(reports[i - 1].Validator) <= 0)
            {
                throw new MalformedException("reports must ascend by validator, each once");
            }
        }

        return new(new(view, reports), certificate);
    }

    private static QuorumCertificate ReadPrepared(ref MessagePackReader reader)
    {
        var certificate = CertificateCodec.Read(ref reader);
        return certificate.Kind == StatementKind.Prepare && certificate.Subject.View.Value <= ViewMax
            ? certificate
            : throw new MalformedException("a prepared certificate is expected");
    }

    private static Subject ReadSubject(ref MessagePackReader reader)
    {
        var subject = CertificateCodec.ReadSubject(ref reader);
        return subject.View.Value <= ViewMax
            ? subject : throw new MalformedException("the view is out of range");
    }

    private static View ReadView(ref MessagePackReader reader)
    {
        var view = Fields.ReadView(ref reader);
        return view.Value <= ViewMax ? view : throw new MalformedException("the view is out of range");
    }

    private static void WriteHead(ref MessagePackWriter writer, Kind kind, int fields)
        => WireFields.WriteHead(ref writer, (byte)kind, fields);
}
