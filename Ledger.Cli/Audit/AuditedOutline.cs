using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// One height that is not executed, with all checked that its header says: certificate, receipts, and the
/// body where the folder still has it. That the header itself is the chain's is for its descendants to show.
/// </summary>
/// <param name="Header">Null when there is a fault.</param>
/// <param name="Receipts">Empty where the folder keeps none.</param>
/// <param name="IsCertified">Whether it has a certificate of its own.</param>
internal sealed record AuditedOutline(
    BlockHeader? Header, Digest Hash, IReadOnlyList<Receipt> Receipts, bool IsCertified, AuditFault? Fault)
{
    /// <param name="archive">The folder.</param>
    /// <param name="genesis">Of the chain.</param>
    /// <param name="known">The validator sets that certified changes have led to, by hash.</param>
    /// <param name="kept">From which heights on there is what.</param>
    /// <param name="height">Which.</param>
    public static AuditedOutline Read(
        LedgerArchive archive, Genesis genesis, IReadOnlyDictionary<Digest, ValidatorSet> known,
        KeptHeights kept,
        Height height)
    {
        var key = LedgerRecord.KeyOf(height);
        if (archive.Read(RecordFamily.Headers, key) is not { } record)
        {
            return Bad(height, RecordFamily.Headers, null, "it is missing");
        }

        if (!Canonical.TryDecode(
            record, HeaderCodec.Read, HeaderCodec.Write, out var header, out var malformed))
        {
            return Bad(height, RecordFamily.Headers, 0..record.Length, malformed);
        }

        if (header.Height != height || (height == Height.Genesis && header != genesis.Block.Header))
        {
            return Bad(height, RecordFamily.Headers, 0..record.Length, "it is not the header of this height");
        }

        if (!known.TryGetValue(header.ValidatorsHash, out var validators))
        {
            return Bad(
                height, RecordFamily.Headers, 0..record.Length,
                "it names validators that no certified change has led to");
        }

        var (block, isCertified, fault) = height >= kept.Blocks
            ? WithBody(archive, genesis, known, header, record)
            : WithoutBody(archive, genesis, validators, header, record);
        IReadOnlyList<Receipt> receipts = [];
        if (fault is null && height >= kept.Receipts)
        {
            fault = ReceiptsFault(archive, header, block, out receipts);
        }

        return fault is null
            ? new(header, header.ComputeHash(), receipts, isCertified, null)
            : new(null, default, [], false, fault);
    }

    private static (Block?, bool, AuditFault?) WithBody(
        LedgerArchive archive, Genesis genesis, IReadOnlyDictionary<Digest, ValidatorSet> known,
        BlockHeader header,
        byte[] record)
    {
        var audited = AuditedBlock.Read(archive, genesis, known, header.Height);
        var fault = audited.Fault ?? AuditFault.Difference(
            header.Height.Value,
            new(
                RecordFamily.Headers, LedgerRecord.KeyOf(header.Height),
                Canonical.Encode(audited.Block!.Header, HeaderCodec.Write)),
            record);
        return (audited.Block, audited.Certificate is not null, fault);
    }

    private static (Block?, bool, AuditFault?) WithoutBody(
        LedgerArchive archive, Genesis genesis, ValidatorSet validators, BlockHeader header, byte[] record)
    {
        var key = LedgerRecord.KeyOf(header.Height);
        if (archive.Read(RecordFamily.Certificates, key) is not { } encoded)
        {
            return (null, false, null);
        }

        if (!CertificateCodec.TryDecode(encoded, out var certificate, out var fault))
        {
            return (null, false, AuditFault.Of(
                header.Height.Value, RecordFamily.Certificates, key, 0..encoded.Length, fault));
        }

        var subject = certificate.Subject;
        if (subject.Block != header.ComputeHash()
            && NamesItAsParent(archive, header.Height.Next, subject.Block))
        {
            return (null, false, AuditFault.Of(
                header.Height.Value, RecordFamily.Headers, key, 0..record.Length,
                "it is not the header that was certified"));
        }

        fault = certificate.Kind != StatementKind.Commit || subject.Height != header.Height
            || subject.Block != header.ComputeHash()
            ? "it certifies something else than this block"
            : FinalityVerifier.FaultIn(header, subject.View, certificate.Signers, genesis, validators);
        return (null, true, fault is null
            ? null
            : AuditFault.Of(header.Height.Value, RecordFamily.Certificates, key, 0..encoded.Length, fault));
    }

    /// <summary>
    /// Where header and certificate differ, the header above tells which of them was changed.
    /// </summary>
    private static bool NamesItAsParent(LedgerArchive archive, Height above, Digest block)
        => archive.Read(RecordFamily.Headers, LedgerRecord.KeyOf(above)) is { } record
            && Canonical.TryDecode(record, HeaderCodec.Read, HeaderCodec.Write, out var header, out _)
            && header.Parent == block;

    private static AuditFault? ReceiptsFault(
        LedgerArchive archive, BlockHeader header, Block? block, out IReadOnlyList<Receipt> receipts)
    {
        receipts = [];
        var key = LedgerRecord.KeyOf(header.Height);
        if (archive.Read(RecordFamily.Receipts, key) is not { } record)
        {
            return AuditFault.Of(header.Height.Value, RecordFamily.Receipts, key, null, "it is missing");
        }

        var fault = !ReceiptCodec.TryDecodeAll(record, out var decoded, out var malformed) ? malformed
            : ReceiptTree.RootOf(decoded) != header.ReceiptsRoot
            ? "the receipts are not those that the header names"
            : block is not null && !decoded.Select(receipt => receipt.Transaction).SequenceEqual(
                block.Transactions.Select(transaction => transaction.Hash))
                    ? "the receipts are not those of the block"
            : null;
        receipts = decoded ?? [];
        return fault is null
            ? null
            : AuditFault.Of(header.Height.Value, RecordFamily.Receipts, key, 0..record.Length, fault);
    }

    private static AuditedOutline Bad(Height height, RecordFamily family, Range? bytes, string what)
        => new(null, default, [], false, AuditFault.Of(
            height.Value, family, LedgerRecord.KeyOf(height), bytes, what));
}
