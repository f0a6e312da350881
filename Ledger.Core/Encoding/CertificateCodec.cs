using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// The canonical encoding of a certificate; signers ascend, so one set of votes has one encoding.
/// </summary>
public static class CertificateCodec
{
    public static byte[] Encode(QuorumCertificate certificate) => Canonical.Encode(certificate, Write);

    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out QuorumCertificate certificate,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, Read, Write, out certificate, out fault);

    public static void Write(ref MessagePackWriter writer, QuorumCertificate certificate)
    {
        writer.WriteArrayHeader(3);
        writer.Write((byte)certificate.Kind);
        WriteSubject(ref writer, certificate.Subject);
        writer.WriteArrayHeader(certificate.Signers.Count * 2);
        foreach (var signer in certificate.Signers)
        {
            writer.Write(signer.Validator.Value);
            Fields.WriteSignature(ref writer, signer.Signature);
        }
    }

    public static QuorumCertificate Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 3, "a certificate");
        var kind = (StatementKind)reader.ReadByte();
        if (kind is not (StatementKind.Prepare or StatementKind.Commit))
        {
            throw new MalformedException("a certificate is of prepares or of commits");
        }

        var subject = ReadSubject(ref reader);
        var count = Fields.ReadCount(ref reader, 2 * Limits.Validators, "signers");
        if (count % 2 != 0)
        {
            throw new MalformedException("each signer has an index and a signature");
        }

        var signers = new Signer[count / 2];
        for (var i = 0; i < signers.Length; i++)
        {
            signers[i] = new(Fields.ReadValidator(ref reader), Fields.ReadSignature(ref reader));
            if (i > 0 && signers[i].Validator.CompareTo(signers[i - 1].Validator) <= 0)
            {
                throw new MalformedException("signers must ascend, each once");
            }
        }

        return new(kind, subject, signers);
    }

    public static void WriteSubject(ref MessagePackWriter writer, Subject subject)
    {
        writer.WriteArrayHeader(3);
        writer.Write(subject.View.Value);
        writer.Write(subject.Height.Value);
        Fields.WriteDigest(ref writer, subject.Block);
    }

    public static Subject ReadSubject(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 3, "a subject");
        return new(Fields.ReadView(ref reader), Fields.ReadHeight(ref reader), Fields.ReadDigest(ref reader));
    }
}
