using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// One block with all checked that needs neither its parent nor the state: form, signatures, certificate. This is nearly
/// all of an audit's work, and any number of blocks can be done at once.
/// </summary>
/// <param name="Block">Null when there is a fault.</param>
/// <param name="Certificate">Its own; null when a descendant's makes it final.</param>
internal sealed record AuditedBlock(Block? Block, QuorumCertificate? Certificate, AuditFault? Fault)
{
    public static AuditedBlock Read(LedgerArchive archive, Genesis genesis, Height height)
    {
        var key = LedgerRecord.KeyOf(height);
        if (archive.Read(RecordFamily.Blocks, key) is not { } record)
        {
            return Bad(height, RecordFamily.Blocks, null, "it is missing");
        }

        if (!BlockCodec.TryDecode(record, out var block, out var fault))
        {
            var (bytes, part) = BlockForensics.Locate(record);
            return Bad(height, RecordFamily.Blocks, bytes, $"{part} is damaged: {fault}");
        }

        if (block.Height != height)
        {
            return Bad(height, RecordFamily.Blocks, 0..record.Length, $"it holds block {block.Height}");
        }

        if (block.Transactions.Any(transaction => !transaction.SignatureIsValid()))
        {
            var (bytes, part) = BlockForensics.Locate(record);
            return Bad(height, RecordFamily.Blocks, bytes, $"the signature of {part} is not valid");
        }

        var found = CertificateFault(archive, genesis, block.Header, block, out var certificate);
        return found is null ? new(block, certificate, null) : new(null, null, found);
    }

    /// <param name="header">What the certificate must be for.</param>
    /// <param name="block">Its block, where there is one.</param>
    /// <param name="certificate">Null when there is none of its own, or a fault.</param>
    public static AuditFault? CertificateFault(
        LedgerArchive archive, Genesis genesis, BlockHeader header, Block? block, out QuorumCertificate? certificate)
    {
        certificate = null;
        var key = LedgerRecord.KeyOf(header.Height);
        if (archive.Read(RecordFamily.Certificates, key) is not { } record)
        {
            return null;
        }

        if (!CertificateCodec.TryDecode(record, out var decoded, out var fault))
        {
            return AuditFault.Of(header.Height.Value, RecordFamily.Certificates, key, 0..record.Length, fault);
        }

        var subject = decoded.Subject;
        var hash = block?.Hash ?? header.ComputeHash();
        if (block is not null && subject.Block != hash && HeaderFault(archive, block, subject.Block, key) is { } damaged)
        {
            return damaged;
        }

        fault = decoded.Kind != StatementKind.Commit || subject.Height != header.Height || subject.Block != hash
            ? "it certifies something else than this block"
            : FinalityVerifier.FaultIn(new(header, [], subject.View, decoded.Signers), genesis);
        if (fault is not null)
        {
            return AuditFault.Of(header.Height.Value, RecordFamily.Certificates, key, 0..record.Length, fault);
        }

        certificate = decoded;
        return null;
    }

    /// <summary>Where the certificate is for the header that lies beside the block, the block's own is what changed.</summary>
    private static AuditFault? HeaderFault(LedgerArchive archive, Block block, Digest certified, byte[] key)
    {
        if (archive.Read(RecordFamily.Headers, key) is not { } record
            || !Canonical.TryDecode(record, HeaderCodec.Read, HeaderCodec.Write, out var header, out _)
            || header.ComputeHash() != certified || record.Length >= block.Encoded.Length)
        {
            return null;
        }

        // A block's record is an array of two: its header begins at the second byte.
        byte[] expected = [block.Encoded.Span[0], .. record, .. block.Encoded.Span[(1 + record.Length)..]];
        return AuditFault.Difference(
            block.Height.Value, new(RecordFamily.Blocks, key, expected), block.Encoded.ToArray()) is { } fault
            ? fault with { What = "its header is not the one that was certified" }
            : null;
    }

    private static AuditedBlock Bad(Height height, RecordFamily family, Range? bytes, string what)
        => new(null, null, AuditFault.Of(height.Value, family, LedgerRecord.KeyOf(height), bytes, what));
}
