using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>What became of a vote.</summary>
/// <param name="Certificate">Set by the one vote that completes a quorum.</param>
/// <param name="Earlier">Set when the sender had voted for another block: evidence.</param>
internal readonly record struct Tally(QuorumCertificate? Certificate, Verified? Earlier);

/// <summary>
/// Collects one vote per replica for one phase of one (view, height) and yields the certificate exactly once,
/// when the quorum is met. The first vote of a replica stands; a second one for another block is evidence and
/// never counts.
/// </summary>
internal sealed class VoteSet(StatementKind kind, ValidatorSet validators)
{
    private readonly (Verified? Vote, Subject Subject)[] _byReplica
        = new (Verified?, Subject)[validators.Seats];

    /// <summary>The vote that a replica gave, if any.</summary>
    public Verified? Of(ValidatorIndex replica) => _byReplica[replica.Value].Vote;

    public Tally Add(Verified vote, Subject subject)
    {
        ref var place = ref _byReplica[vote.From.Value];
        if (place.Vote is not null)
        {
            return place.Subject == subject ? default : new(null, Earlier: place.Vote);
        }

        place = (vote, subject);

        // Equality, not ≥: later votes for a certified subject must not certify it again.
        return Count(subject) == validators.Quorums.Quorum ? new(Certify(subject), null) : default;
    }

    public int Count(Subject subject)
    {
        var count = 0;
        foreach (var place in _byReplica)
        {
            count += place.Vote is not null && place.Subject == subject ? 1 : 0;
        }

        return count;
    }

    private QuorumCertificate Certify(Subject subject)
    {
        var signers = new List<Signer>(validators.Quorums.Quorum);
        for (var i = 0; i < _byReplica.Length; i++)
        {
            if (_byReplica[i].Vote is { } vote && _byReplica[i].Subject == subject)
            {
                signers.Add(new(new(i), vote.Envelope.Signature));
            }
        }

        return new(kind, subject, signers);
    }
}
