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
    private readonly int _quorum = ((simulator.Options.Nodes + simulator.Options.Faulty) / 2) + 1;
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

        return askers.Count < _quorum
            ? $"{askers.Count} asked for the view, a quorum is {_quorum}"
            : Fault(newView.Base);
    }

    private string? Examine(QuorumCertificate certificate)
    {
        var subject = certificate.Subject;
        if (subject.Height == Height.Genesis)
        {
            return subject.Block == simulator.Genesis.Block.Hash ? null : "it names another genesis block";
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

        if (simulator.Spares == 0)
        {
            return signers.Count < _quorum ? $"{signers.Count} signed it, a quorum is {_quorum}" : null;
        }

        // Whoever makes a block has made the one below it final, so who certifies it is known.
        var set = simulator.Members.SetAt(subject.Height);
        signers.RemoveWhere(signer => !set.Contains(signer));
        return signers.Count <= set.Count / 2 ? $"{signers.Count} of the {set.Count} voters of its height signed it" : null;
    }
}
