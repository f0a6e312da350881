using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// What every executor checks of evidence by itself, whoever reports it and whatever a quorum says of the
/// block. A proof needs no role to be reported: its signatures are all it rests on.
/// </summary>
/// <param name="genesis">Names the chain that the votes must be of, and its validators.</param>
/// <param name="verify">The one check of a validator's signature.</param>
public sealed class EvidenceRules(Genesis genesis, StatementVerifier verify)
{
    /// <param name="evidence">As reported.</param>
    /// <param name="at">The height of the block that reports it.</param>
    /// <param name="read">The state.</param>
    internal FailureReason Check(Evidence evidence, Height at, Func<byte[], byte[]?> read)
    {
        var offence = evidence.Offence;

        // In Raft a validator is trusted not to lie, and its words are not bound to one block per term and
        // height.
        if (genesis.Mode != ConsensusMode.Pbft || Evidence.FaultIn(evidence) is not null
            || offence.Height >= at || !IsValidatorAt(offence, read))
        {
            return FailureReason.EvidenceInvalid;
        }

        if (at.Value - offence.Height.Value > Limits.EvidenceBlocks)
        {
            return FailureReason.EvidenceTooOld;
        }

        if (read(StateKey.ForOffence(offence)) is not null)
        {
            return FailureReason.EvidenceKnown;
        }

        // The costly part comes last.
        return evidence.IsSigned(genesis.Hash, verify) ? FailureReason.None : FailureReason.EvidenceInvalid;
    }

    /// <summary>
    /// Whether it proves what the state does not hold yet: for who lets transactions in and knows no block
    /// that they will be in.
    /// </summary>
    public bool ProvesNew(Evidence evidence, Func<byte[], byte[]?> read)
        => genesis.Mode == ConsensusMode.Pbft && IsValidatorAt(evidence.Offence, read)
            && read(StateKey.ForOffence(evidence.Offence)) is null && evidence.IsSigned(genesis.Hash, verify);

    /// <summary>Keeps a checked proof, once for each offence.</summary>
    internal static void Record(Evidence evidence, PublicKey reporter, Height at, Overlay state)
    {
        state.Write(StateKey.ForOffence(evidence.Offence), new OffenceEntry(evidence, reporter, at).Encode());
        var offender = StateKey.ForOffender(evidence.Offence.Validator);
        var before = state.Read(offender) is { } bytes ? OffenderEntry.Decode(bytes).Offences : 0;
        state.Write(offender, new OffenderEntry(before + 1, at).Encode());
    }

    /// <summary>It had to be one then, and need not be one now.</summary>
    private bool IsValidatorAt(Offence offence, Func<byte[], byte[]?> read)
        => ValidatorHistory.Read(genesis, read).SetAt(offence.Height).IndexOf(offence.Validator) is not null;
}
