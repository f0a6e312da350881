using Ledger.Core;
using Ledger.Storage;
using MessagePack;

namespace Ledger.Cli.Audit;

/// <summary>
/// How the validators have changed since genesis, where blocks cannot be executed to learn it. The state's
/// record of them is believed only as far as each change is certified by the set before it.
/// </summary>
internal static class CertifiedChanges
{
    /// <param name="to">Changes up to this height.</param>
    /// <param name="fault">Why the next change does not count; null when all do.</param>
    /// <returns>Those that are certified, each with the set after it.</returns>
    public static List<(BlockHeader Header, ValidatorSet After)> Read(
        LedgerArchive archive, Genesis genesis, Height to, out AuditFault? fault)
    {
        List<(BlockHeader, ValidatorSet)> certified = [];
        if (TryReadHistory(archive, genesis, out var history) is { } torn)
        {
            fault = torn;
            return certified;
        }

        var validators = genesis.Validators;
        for (var epoch = 1UL; epoch <= history.EpochAt(to.Next); epoch++)
        {
            var height = history.Changes[(int)epoch - 1];
            var next = validators.With(history.ChangesOf(epoch));
            if (ReadCertified(archive, genesis, height, validators, out fault) is not { } header)
            {
                return certified;
            }

            if (next?.Hash != header.NextValidatorsHash)
            {
                fault = AuditFault.Of(
                    height.Value, RecordFamily.Headers, LedgerRecord.KeyOf(height), null,
                    "the validators after it are not those that the state names");
                return certified;
            }

            certified.Add((header, next));
            validators = next;
        }

        fault = null;
        return certified;
    }

    private static AuditFault? TryReadHistory(
        LedgerArchive archive, Genesis genesis, out ValidatorHistory history)
    {
        history = ValidatorHistory.Of(genesis);
        if (archive.Read(RecordFamily.State, StateKey.Validators) is not { } record)
        {
            return null;
        }

        try
        {
            history = ValidatorHistory.Decode(genesis, record);
            return null;
        }
        catch (Exception exception) when (exception is MalformedException or MessagePackSerializationException
            or EndOfStreamException or ArgumentException or OverflowException or InvalidOperationException)
        {
            return AuditFault.Of(
                0, RecordFamily.State, StateKey.Validators, 0..record.Length, "it cannot be decoded");
        }
    }

    /// <summary>The header of a change, when the validators before it have certified it.</summary>
    private static BlockHeader? ReadCertified(
        LedgerArchive archive, Genesis genesis, Height height, ValidatorSet validators, out AuditFault? fault)
    {
        var key = LedgerRecord.KeyOf(height);
        if (archive.Read(RecordFamily.Headers, key) is not { } record
            || !Canonical.TryDecode(record, HeaderCodec.Read, HeaderCodec.Write, out var header, out _))
        {
            fault = AuditFault.Of(
                height.Value, RecordFamily.Headers, key, null,
                "it changed the validators, and is missing or torn");
            return null;
        }

        if (archive.Read(RecordFamily.Certificates, key) is not { } encoded
            || !CertificateCodec.TryDecode(encoded, out var certificate, out _))
        {
            fault = AuditFault.Of(
                height.Value, RecordFamily.Certificates, key, null,
                "its block changed the validators, and it is missing or torn");
            return null;
        }

        var why = FinalityVerifier.FaultIn(
            header, certificate.Subject.View, certificate.Signers, genesis, validators);
        fault = why is null
            ? null
            : AuditFault.Of(height.Value, RecordFamily.Certificates, key, 0..encoded.Length, why);
        return why is null ? header : null;
    }
}
