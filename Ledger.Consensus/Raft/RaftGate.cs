using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The one door through which a peer's words reach the engine. It checks, in this order: the sender is
/// registered and is whom the connection belongs to, the message is well-formed, and all signatures, those
/// inside certificates too. Whether signers are a majority, and of which members, only the log can say: that
/// is the engine's to check. Stateless, so many threads may use it.
/// </summary>
/// <param name="registered">
/// How many validators have ever been registered, by now: a validator keeps its index for ever, members or
/// not.
/// </param>
/// <param name="chain">The genesis hash, part of every statement.</param>
/// <param name="verifier">Knows all keys registered.</param>
public sealed class RaftGate(Func<int> registered, Digest chain, ISignatureVerifier verifier)
{
    /// <summary>
    /// Why what names validators that are not registered here is refused: there are final blocks to be had.
    /// </summary>
    public const string LaterMember = "later_member";

    /// <param name="envelope">As decoded.</param>
    /// <param name="connection">Whom the connection's handshake proved at the other end.</param>
    /// <param name="reason">When refused: a short word for the metric's label.</param>
    /// <returns>The verified message, or null when it must be dropped.</returns>
    public Verified? Check(Envelope envelope, ValidatorIndex connection, out string reason)
    {
        reason = Refusal(envelope, connection) ?? "";
        return reason.Length == 0 ? new(envelope) : null;
    }

    /// <summary>
    /// Checks that consecutive blocks end in one that a majority of these validators has certified.
    /// </summary>
    public CertifiedSegment? CheckSegment(
        IReadOnlyList<Block> blocks, QuorumCertificate certificate, IReadOnlyList<ValidatorIndex> certifiers)
    {
        if (blocks.Count == 0 || certificate.Kind != StatementKind.Commit
            || certificate.Subject.Block != blocks[^1].Hash
            || certificate.Subject.Height != blocks[^1].Height)
        {
            return null;
        }

        for (var i = 1; i < blocks.Count; i++)
        {
            if (blocks[i].Parent != blocks[i - 1].Hash || blocks[i].Height.Value != blocks[i - 1].Height.Value
                + 1)
            {
                return null;
            }
        }

        return IsSigned(certificate)
            && new RaftConfiguration(certifiers, [], [], []).IsCertifiedBy(certificate)
            ? new(blocks, certificate)
            : null;
    }

    private string? Refusal(Envelope envelope, ValidatorIndex connection)
    {
        if (!IsRegistered(envelope.From))
        {
            return "unknown_sender";
        }

        if (envelope.From != connection)
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
            Committed { Certificate: { } certificate } => CertificateFault(certificate),
            AppendEntries append => CertificatesFault(append),
            _ => null,
        };
    }

    private string? Malformation(Envelope envelope) => envelope.Message switch
    {
        RequestVote request when request.Candidate != envelope.From => "wrong_candidate",
        RequestVote { Term.Value: 0 } or Vote { Term.Value: 0 } or PreVote { Term.Value: 0 } => "malformed",
        RequestVote request when request.LastTerm >= request.Term => "malformed",
        PreVote asked when asked.LastTerm >= asked.Term => "malformed",
        Appended { Index.Value: 0 } or Appended { Block.Height.Value: 0 } => "malformed",
        AppendEntries append => EntriesFault(append),
        InstallSnapshot { Mark.Index.Value: 0 } => "malformed",
        InstallSnapshot install when install.Mark.Term > install.Term => "malformed",
        InstallSnapshot install when !AreMembers(install.Mark.Configuration) => "unknown_member",
        _ => null,
    };

    /// <summary>
    /// Entries stand one behind the other, in terms that never fall and reach the sender's at most.
    /// </summary>
    private string? EntriesFault(AppendEntries append)
    {
        var (index, term) = (append.PreviousIndex, append.PreviousTerm);
        if (term > append.Term || append.Term == Term.Zero)
        {
            return "malformed";
        }

        foreach (var entry in append.Entries)
        {
            if (entry.Index != index.Next || entry.Term < term || entry.Term > append.Term
                || entry is BlockEntry { Id.Height.Value: 0 })
            {
                return "malformed";
            }

            if (entry is ConfigurationEntry change && !AreMembers(change.Configuration))
            {
                return "unknown_member";
            }

            (index, term) = (entry.Index, entry.Term);
        }

        return null;
    }

    private bool IsRegistered(ValidatorIndex validator)
        => validator.Value >= 0 && validator.Value < registered();

    /// <summary>
    /// A configuration may reach a replica before the block that gave its newest member a seat is final
    /// there.
    /// </summary>
    private static bool AreMembers(RaftConfiguration configuration)
        => configuration.Members is [{ Value: >= 0 }, ..]
        && configuration.Members[^1].Value < Limits.Validators;

    private string? CertificatesFault(AppendEntries append)
    {
        foreach (var entry in append.Entries)
        {
            if (entry is ConfigurationEntry { Certificate: { } certificate }
                && CertificateFault(certificate) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private string? CertificateFault(QuorumCertificate certificate)
        => IsSigned(certificate) ? null
            : certificate.Signers is [.., { Validator: var last }] && !IsRegistered(last)
            && last.Value < Limits.Validators
                ? LaterMember
                : "bad_certificate";

    /// <summary>Distinct registered validators each signed the one statement.</summary>
    private bool IsSigned(QuorumCertificate certificate)
    {
        if (certificate.Signers.Count == 0 || certificate.Kind != StatementKind.Commit)
        {
            return false;
        }

        var statement = certificate.StatementOn(chain);
        var last = -1;
        foreach (var signer in certificate.Signers)
        {
            if (signer.Validator.Value <= last || !IsRegistered(signer.Validator)
                || !verifier.Verify(signer.Validator, statement, signer.Signature))
            {
                return false;
            }

            last = signer.Validator.Value;
        }

        return true;
    }
}
