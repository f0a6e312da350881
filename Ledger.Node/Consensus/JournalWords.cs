using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>What a record of the journal promises, for an operator.</summary>
internal static class JournalWords
{
    public static string Of(JournalRecord record, Func<ValidatorIndex, string> nameOf) => record switch
    {
        Accepted accepted => $"accepted {Of(accepted.Subject)}, {accepted.Block.Encoded.Length} bytes",
        Certified certified => $"prepared {Of(certified.Certificate)}",
        LeftFor left => $"asked for view {left.Target}; the highest prepared is {Of(left.Report)}",
        Entered entered => $"entered view {entered.View} on {Of(entered.NewView.Base)}",
        BaseFinal final => $"the base of view {final.View} is committed",
        TermEntered { VotedFor: { } candidate } term
            => $"entered term {term.Term}, voted for {nameOf(candidate)}",
        TermEntered term => $"entered term {term.Term}, voted for nobody",
        Stored stored => $"stored entry {stored.Entry.Index} of term {stored.Entry.Term}: "
            + Of(stored.Entry, nameOf),
        Truncated truncated => $"dropped entry {truncated.From} and all after it",
        Snapshotted snapshotted => $"the log begins behind entry {snapshotted.Mark.Index} of term "
            + $"{snapshotted.Mark.Term}, block {Of(snapshotted.Mark.Block)}",
        _ => record.ToString()!,
    };

    private static string Of(QuorumCertificate certificate)
        => certificate.Signers.Count == 0
            ? $"{Of(certificate.Subject)}"
            : $"{Of(certificate.Subject)}, signed by {certificate.Signers.Count}";

    private static string Of(Subject subject)
        => $"height {subject.Height} in view {subject.View}, block {subject.Block.ToShortString()}";

    private static string Of(LogEntry entry, Func<ValidatorIndex, string> nameOf) => entry switch
    {
        BlockEntry block => $"block {Of(block.Id)}",
        NoOpEntry => "a new leader's first, empty",
        ConfigurationEntry members => Of(members.Configuration, nameOf),
        _ => entry.ToString()!,
    };

    public static string Of(RaftConfiguration members, Func<ValidatorIndex, string> nameOf)
    {
        var voters = Names(members.Voters, nameOf);
        var text = members.IsJoint
            ? $"the voters {voters} beside {Names(members.Outgoing, nameOf)}"
            : $"the voters {voters}";
        return members.Learners.Count == 0 ? text : $"{text}; learning {Names(members.Learners, nameOf)}";
    }

    private static string Of(BlockId block) => $"{block.Hash.ToShortString()} at height {block.Height}";

    private static string Names(IEnumerable<ValidatorIndex> seats, Func<ValidatorIndex, string> nameOf)
        => string.Join(", ", seats.Select(nameOf));
}
