using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// A leader's collection of signatures on its blocks, each set turned into a certificate once, when a
/// majority of those that certify the block has signed. Bounded by the blocks above the last certified one.
/// </summary>
internal sealed class Endorsements
{
    private readonly SortedDictionary<Height, SortedDictionary<ValidatorIndex, Signature>> _signatures = [];

    /// <summary>A new leader starts with none: signatures name the term.</summary>
    public void Clear() => _signatures.Clear();

    public bool Has(Height height, ValidatorIndex signer)
        => _signatures.TryGetValue(height, out var signatures) && signatures.ContainsKey(signer);

    /// <param name="subject">A block of the leader's own log, in its term.</param>
    /// <param name="from">Who signed.</param>
    /// <param name="signature">Checked by the gate.</param>
    /// <param name="configuration">In force at the block.</param>
    /// <returns>The certificate, from the signature that completes it.</returns>
    public QuorumCertificate? Add(
        Subject subject, ValidatorIndex from, Signature signature, RaftConfiguration configuration)
    {
        if (!configuration.Certifiers.Contains(from))
        {
            return null;
        }

        if (!_signatures.TryGetValue(subject.Height, out var signatures))
        {
            _signatures[subject.Height] = signatures = [];
        }

        signatures[from] = signature;
        if (signatures.Count < RaftConfiguration.MajorityOf(configuration.Certifiers.Count))
        {
            return null;
        }

        var signers = new List<Signer>(signatures.Count);
        foreach (var (validator, signed) in signatures)
        {
            signers.Add(new(validator, signed));
        }

        Forget(subject.Height);
        return new(StatementKind.Commit, subject, signers);
    }

    /// <summary>A certified block certifies those below it.</summary>
    public void Forget(Height upTo)
    {
        while (_signatures.Count > 0 && _signatures.First().Key is var lowest && lowest <= upTo)
        {
            _signatures.Remove(lowest);
        }
    }
}
