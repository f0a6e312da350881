using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The one door through which a peer's words reach the engine. It checks, in this order: the sender is a member and is
/// whom the connection belongs to, the message is well-formed, and all signatures, those inside certificates too. What
/// needs memory (views, windows, earlier votes) is the engine's to check. Stateless, so many threads may use it.
/// </summary>
public sealed class PbftGate(ValidatorSet validators, Digest chain, Digest genesisBlock, ISignatureVerifier verifier)
{
    /// <param name="envelope">As decoded.</param>
    /// <param name="connection">Whom the connection's handshake proved at the other end.</param>
    /// <param name="reason">When refused: a short word for the metric's label.</param>
    /// <returns>The verified message, or null when it must be dropped.</returns>
    public Verified? Check(Envelope envelope, ValidatorIndex connection, out string reason)
    {
        reason = Refusal(envelope, connection) ?? "";
        return reason.Length == 0 ? new(envelope) : null;
    }

    /// <summary>Checks that consecutive blocks end in one with a valid commit certificate.</summary>
    public CertifiedSegment? CheckSegment(IReadOnlyList<Block> blocks, QuorumCertificate certificate)
    {
        if (blocks.Count == 0 || certificate.Kind != StatementKind.Commit
            || certificate.Subject.Block != blocks[^1].Hash || certificate.Subject.Height != blocks[^1].Height)
        {
            return null;
        }

        for (var i = 1; i < blocks.Count; i++)
        {
            if (blocks[i].Parent != blocks[i - 1].Hash || blocks[i].Height.Value != blocks[i - 1].Height.Value + 1)
            {
                return null;
            }
        }

        return IsQuorum(certificate) ? new(blocks, certificate) : null;
    }

    private string? Refusal(Envelope envelope, ValidatorIndex connection)
    {
        if (!validators.Contains(envelope.From))
        {
            return "unknown_sender";
        }

        // A NEW-VIEW proves itself and may be passed on by anyone who holds it.
        if (envelope.From != connection && envelope.Message is not NewView)
        {
            return "wrong_sender";
        }

        if (Malformation(envelope) is { } malformation)
        {
            return malformation;
        }

        if (envelope.Message is PromiseMessage promise
            && !verifier.Verify(envelope.From, promise.StatementOn(chain), envelope.Signature))
        {
            return "bad_signature";
        }

        return envelope.Message switch
        {
            ViewChange viewChange when !IsPrepared(viewChange.Highest) => "bad_certificate",
            NewView newView when !IsPrepared(newView.Base) => "bad_certificate",
            ReadAnswer answer when !IsPrepared(answer.Highest) => "bad_certificate",
            NewView newView when !IsQuorum(newView.Timeout) => "bad_timeout_certificate",
            _ => null,
        };
    }

    private string? Malformation(Envelope envelope) => envelope.Message switch
    {
        PrePrepare proposal when validators.PrimaryOf(proposal.View) != envelope.From => "not_primary",
        PrePrepare proposal when proposal.Block.Header.Proposer != envelope.From => "wrong_proposer",
        PrePrepare proposal when proposal.Block.Height == Height.Genesis => "malformed",
        Prepare prepare when prepare.Subject.Height == Height.Genesis => "malformed",
        Commit commit when commit.Subject.Height == Height.Genesis => "malformed",
        ViewChange viewChange when viewChange.Highest.Subject.View >= viewChange.Target => "malformed",
        NewView newView when validators.PrimaryOf(newView.View) != envelope.From => "not_primary",
        NewView newView when newView.Base.Subject.View >= newView.View => "malformed",

        // The base is the highest certificate in the timeout certificate, or a committed block could be lost.
        NewView newView when newView.Timeout.Highest != newView.Base.Subject => "base_not_highest",
        _ => null,
    };

    private bool IsPrepared(QuorumCertificate certificate)
    {
        if (certificate.Kind != StatementKind.Prepare)
        {
            return false;
        }

        return certificate.IsForGenesis
            ? certificate.Subject == new Subject(View.Zero, Height.Genesis, genesisBlock) && certificate.Signers.Count == 0
            : IsQuorum(certificate);
    }

    /// <summary>A quorum of distinct members signed the one statement.</summary>
    private bool IsQuorum(QuorumCertificate certificate)
    {
        if (certificate.Signers.Count < validators.Quorums.Quorum || certificate.Signers.Count > validators.Count)
        {
            return false;
        }

        var statement = certificate.StatementOn(chain);
        var last = -1;
        foreach (var signer in certificate.Signers)
        {
            if (signer.Validator.Value <= last || !validators.Contains(signer.Validator)
                || !verifier.Verify(signer.Validator, statement, signer.Signature))
            {
                return false;
            }

            last = signer.Validator.Value;
        }

        return true;
    }

    /// <summary>A quorum of distinct members each signed its own report for the view.</summary>
    private bool IsQuorum(TimeoutCertificate timeout)
    {
        if (timeout.Reports.Count < validators.Quorums.Quorum || timeout.Reports.Count > validators.Count)
        {
            return false;
        }

        var last = -1;
        foreach (var report in timeout.Reports)
        {
            if (report.Validator.Value <= last || !validators.Contains(report.Validator)
                || !verifier.Verify(
                    report.Validator, Report.StatementOn(chain, timeout.View, report.Highest), report.Signature))
            {
                return false;
            }

            last = report.Validator.Value;
        }

        return true;
    }
}
