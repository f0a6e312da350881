using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// Turns what an engine notices into a proof that stands for itself, without the messages it came in.
/// </summary>
public static class PbftEvidence
{
    /// <param name="notice">What it noticed.</param>
    /// <param name="offender">The key of the validator it names, which may have been removed since.</param>
    /// <returns>
    /// Null when the statements are no votes for two blocks: a VIEW-CHANGE names no height of its own, and
    /// without one nobody could say later which validators it was of.
    /// </returns>
    public static Evidence? Of(Notice.Equivocation notice, PublicKey offender)
    {
        if (VoteIn(notice.First.Message) is not { } first || VoteIn(notice.Second.Message) is not { } second
            || first.Kind != second.Kind || first.Subject.View != second.Subject.View
            || first.Subject.Height != second.Subject.Height || first.Subject.Block == second.Subject.Block)
        {
            return null;
        }

        Offence offence = new(
            offender, first.Kind, first.Subject.View, first.Subject.Height);
        return Evidence.Of(
            offence, new(first.Subject.Block, notice.First.Envelope.Signature),
            new(second.Subject.Block, notice.Second.Envelope.Signature));
    }

    /// <summary>A PRE-PREPARE stands for its primary's PREPARE and is signed as one.</summary>
    private static (StatementKind Kind, Subject Subject)? VoteIn(Message message) => message switch
    {
        PrePrepare proposal => (StatementKind.Prepare, proposal.Subject),
        Prepare prepare => (StatementKind.Prepare, prepare.Subject),
        Commit commit => (StatementKind.Commit, commit.Subject),
        _ => null,
    };
}
