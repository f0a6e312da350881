using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Verifies certificates a second time, written from the paper and not from the gate: what the gate lets
/// through and this does not is a hole. Answers are remembered, since one certificate reaches everybody.
/// </summary>
internal sealed class CertificateCheck(Simulator simulator)
{
    private readonly Dictionary<QuorumCertificate, string?> _known = new(ReferenceEqualityComparer.Instance);

    public bool IsSigned(ValidatorIndex by, in Statement statement, in Signature signature)
        => simulator.Signatures.Verify(by, statement, signature);

    /// <returns>Null when it proves what it says.</returns>
    public string? Fault(QuorumCertificate certificate)
    {
        if (!_known.TryGetValue(certificate, out var fault))
        {
            _known[certificate] = fault = Examine(certificate);
        }

        return fault;
    }

    /// <returns>Null when a quorum asked for the view, and its base is the highest that any of them
    /// reported.</returns>
    public string? Fault(NewView newView)
    {
        HashSet<ValidatorIndex> askers = [];
        foreach (var report in newView.Timeout.Reports)
        {
            var statement = new Statement(
                simulator.Genesis.Hash, StatementKind.ViewChange, newView.View, report.Highest.View,
                report.Highest.Height, report.Highest.Block);
            if (!IsSigned(report.Validator, statement, report.Signature))
            {
                return $"the report of R{report.Validator} is forged";
            }

            var (based, highest) = (newView.Base.Subject, report.Highest);
            if ((highest.View, highest.Height).CompareTo((based.View, based.Height)) > 0)
            {
                return $"the base {based} is below the report of R{report.Validator}, {highest}";
            }

            askers.Add(report.Validator);
        }

        return Shortage(askers, newView.View) ?? Fault(newView.Base);
    }

    private string? Examine(QuorumCertificate certificate)
    {
        var subject = certificate.Subject;
        if (subject.Height == Height.Genesis)
        {
            return subject.Block == simulator.Genesis.Block.Hash ? null : "it names another genesis block";
        }

        if (certificate.Signers.Count == 0)
        {
            return BeginsEpoch(subject) ? null : "nobody signed it, and no epoch begins there";
        }

        HashSet<ValidatorIndex> signers = [];
        var statement = new Statement(
            simulator.Genesis.Hash, certificate.Kind, subject.View, View.Zero, subject.Height, subject.Block);
        foreach (var signer in certificate.Signers)
        {
            if (!IsSigned(signer.Validator, statement, signer.Signature))
            {
                return $"the signature of R{signer.Validator} is forged";
            }

            signers.Add(signer.Validator);
        }

        if (simulator.Options.IsRaft)
        {
            // Whoever makes a block knows all that changed the voters below it, so who certifies it is known.
            return Shortage(signers, simulator.Members.SetAt(subject.Height));
        }

        // Only what is committed is known to be of the epoch of its height: what was prepared may have been
        // given up.
        return certificate.Kind == StatementKind.Commit
            && simulator.Members.EpochAt(subject.Height) != subject.View.Epoch
            ? $"it is of epoch {subject.View.Epoch}, and its height of epoch "
                + $"{simulator.Members.EpochAt(subject.Height)}"
            : Shortage(signers, subject.View);
    }

    /// <summary>What everyone holds of an epoch from its start: the last block of the one before.</summary>
    private bool BeginsEpoch(Subject subject)
    {
        var epoch = subject.View.Epoch;
        return epoch > 0 && epoch <= simulator.Members.Epoch && subject.View == View.FirstOf(epoch)
            && simulator.Members.Changes[(int)epoch - 1] == subject.Height
            && simulator.Watch.FinalAt(subject.Height) == subject.Block;
    }

    private string? Shortage(HashSet<ValidatorIndex> signers, View view)
        => view.Epoch <= simulator.Members.Epoch
            ? Shortage(signers, simulator.Members.SetOf(view.Epoch))
            : $"epoch {view.Epoch} has not begun anywhere";

    private string? Shortage(HashSet<ValidatorIndex> signers, ValidatorSet set)
    {
        var members = signers.Count(set.Contains);
        var quorum = QuorumOf(set.Count);
        return members < quorum
            ? $"{members} signed it, a quorum is {quorum} of the {set.Count} validators" : null;
    }

    /// <summary>
    /// Two sets so large share an honest validator: more than half of them, and with liars f / 2 more.
    /// </summary>
    private int QuorumOf(int validators)
        => simulator.Options.IsRaft ? (validators / 2) + 1 : ((validators + ((validators - 1) / 3)) / 2) + 1;
}
