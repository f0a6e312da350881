using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// One block with all checked that needs neither its parent nor the state: form, signatures, certificate.
/// This is nearly all of an audit's work, and any number of blocks can be done at once.
/// </summary>
/// <param name="Block">Null when there is a fault.</param>
/// <param name="Certificate">Its own; null when a descendant's makes it final.</param>
internal sealed record AuditedBlock(Block? Block, QuorumCertificate? Certificate, AuditFault? Fault)
{
    /// <summary>
    /// Whether the signatures of the certificate are still to be checked: by a set that was not known yet.
    /// </summary>
    public bool IsCertificateUnchecked { get; private init; }

    /// <param name="archive">The folder.</param>
    /// <param name="genesis">Of the chain.</param>
    /// <param name="known">The validator sets that execution has led to so far, by hash.</param>
    /// <param name="height">Which.</param>
    public static AuditedBlock Read(
        LedgerArchive archive, Genesis genesis, IReadOnlyDictionary<Digest, ValidatorSet> known,
        Height height)
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

        return WithCertificate(archive, genesis, known, block, key);
    }

    private static AuditedBlock WithCertificate(
        LedgerArchive archive, Genesis genesis, IReadOnlyDictionary<Digest, ValidatorSet> known, Block block,
        byte[] key)
    {
        if (archive.Read(RecordFamily.Certificates, key) is not { } record)
        {
            return new(block, null, null);
        }

        if (!CertificateCodec.TryDecode(record, out var certificate, out var fault))
        {
            return Bad(block.Height, RecordFamily.Certificates, 0..record.Length, fault);
        }

        var subject = certificate.Subject;
        if (subject.Block != block.Hash && HeaderFault(archive, block, subject.Block, key) is { } damaged)
        {
            return new(null, null, damaged);
        }

        if (certificate.Kind != StatementKind.Commit || subject.Height != block.Height
            || subject.Block != block.Hash)
        {
            return Bad(
                block.Height, RecordFamily.Certificates, 0..record.Length,
                "it certifies something else than this block");
        }

        AuditedBlock audited = new(block, certificate, null) { IsCertificateUnchecked = true };
        return known.TryGetValue(block.Header.ValidatorsHash, out var validators)
            ? audited.CheckCertificate(genesis, validators)
            : audited;
    }

    /// <summary>With the certificate checked by the set that execution has led to.</summary>
    public AuditedBlock CheckCertificate(Genesis genesis, ValidatorSet validators)
    {
        var fault = FinalityVerifier.FaultIn(
            Block!.Header, Certificate!.Subject.View, Certificate.Signers, genesis, validators);
        return fault is null
            ? this with { IsCertificateUnchecked = false }
            : Bad(
                Block.Height, RecordFamily.Certificates, 0..CertificateCodec.Encode(Certificate).Length,
                fault);
    }

    /// <summary>
    /// Where the certificate is for the header that lies beside the block, the block's own is what changed.
    /// </summary>
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
