using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The one door through which a peer's words reach the engine. It checks, in this order: the sender is a
/// member and is whom the connection belongs to, the message is well-formed, and all signatures, those inside
/// certificates too. What needs memory (views, windows, earlier votes) is the engine's to check. It remembers
/// nothing but the epoch that it is shown, so many threads may use it.
/// </summary>
/// <param name="epoch">The one whose words count now.</param>
/// <param name="chain">The genesis hash, part of every statement.</param>
/// <param name="verifier">Knows the keys of all seats.</param>
public sealed class PbftGate(Func<Epoch> epoch, Digest chain, ISignatureVerifier verifier)
{
    /// <summary>
    /// Not refused for a fault: the sender is ahead of this validator, which cannot check its words yet.
    /// </summary>
    public const string LaterEpoch = "later_epoch";

    /// <summary>Not refused for a fault: the sender lags.</summary>
    public const string PastEpoch = "past_epoch";

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
        var now = epoch();
        if (blocks.Count == 0 || certificate.Kind != StatementKind.Commit
            || certificate.Subject.Block != blocks[^1].Hash
            || certificate.Subject.Height != blocks[^1].Height)
        {
            return null;
        }

        foreach (var block in blocks)
        {
            // A block on one that changed the validators is of another epoch: it comes with the next segment.
            if (block.Header.ValidatorsHash != now.Validators.Hash)
            {
                return null;
            }
        }

        for (var i = 1; i < blocks.Count; i++)
        {
            if (blocks[i].Parent != blocks[i - 1].Hash || blocks[i].Height.Value != blocks[i - 1].Height.Value
                + 1)
            {
                return null;
            }
        }

        return IsQuorum(certificate, now) ? new(blocks, certificate) : null;
    }

    private string? Refusal(Envelope envelope, ValidatorIndex connection)
    {
        // Where the sender stands is for the connection to prove, whether it votes or not.
        if (envelope.Message is Status)
        {
            return envelope.From == connection ? null : "wrong_sender";
        }

        var now = epoch();
        if (EpochOf(envelope.Message) is { } spoken && spoken != now.Number)
        {
            return spoken > now.Number ? LaterEpoch : PastEpoch;
        }

        if (!now.Validators.Contains(envelope.From))
        {
            return "unknown_sender";
        }

        // A NEW-VIEW proves itself and may be passed on by anyone who holds it.
        if (envelope.From != connection && envelope.Message is not NewView)
        {
            return "wrong_sender";
        }

        if (Malformation(envelope, now.Validators) is { } malformation)
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
            ViewChange viewChange when !IsPrepared(viewChange.Highest, now) => "bad_certificate",
            NewView newView when !IsPrepared(newView.Base, now) => "bad_certificate",
            ReadAnswer answer when !IsPrepared(answer.Highest, now) => "bad_certificate",
            NewView newView when !IsQuorum(newView.Timeout, now.Validators) => "bad_timeout_certificate",
            _ => null,
        };
    }

    /// <summary>Null for a question: whoever is asked answers with what it knows by now.</summary>
    private static ulong? EpochOf(Message message) => message switch
    {
        PrePrepare proposal => proposal.View.Epoch,
        Prepare prepare => prepare.Subject.View.Epoch,
        Commit commit => commit.Subject.View.Epoch,
        ViewChange viewChange => viewChange.Target.Epoch,
        NewView newView => newView.View.Epoch,
        ReadAnswer answer => answer.Highest.Subject.View.Epoch,
        _ => null,
    };

    private static string? Malformation(Envelope envelope, ValidatorSet validators) => envelope.Message switch
    {
        PrePrepare proposal when validators.PrimaryOf(proposal.View) != envelope.From => "not_primary",

        // What ends an epoch may be proposed again by another primary (S6).
        PrePrepare { Block.Header: var header } when header.Proposer != envelope.From && !header.EndsEpoch
            => "wrong_proposer",
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

    private bool IsPrepared(QuorumCertificate certificate, Epoch now)
    {
        if (certificate.Kind != StatementKind.Prepare)
        {
            return false;
        }

        return certificate.Subject == now.Start ? certificate.Signers.Count == 0 : IsQuorum(certificate, now);
    }

    /// <summary>A quorum of distinct members signed the one statement, in this epoch.</summary>
    private bool IsQuorum(QuorumCertificate certificate, Epoch now)
    {
        var validators = now.Validators;
        if (certificate.Subject.View.Epoch != now.Number
            || certificate.Signers.Count < validators.Quorums.Quorum
            || certificate.Signers.Count > validators.Count)
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
    private bool IsQuorum(TimeoutCertificate timeout, ValidatorSet validators)
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
                    report.Validator, Report.StatementOn(chain, timeout.View, report.Highest),
                    report.Signature))
            {
                return false;
            }

            last = report.Validator.Value;
        }

        return true;
    }
}
