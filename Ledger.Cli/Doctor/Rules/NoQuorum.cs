namespace Ledger.Cli.Doctor.Rules;

/// <summary>Whether so many validators can speak to each other as it takes to agree on anything.</summary>
internal sealed class NoQuorum : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        var quorum = facts.Quorums.Quorum;
        if (facts.Members.Count == 0)
        {
            yield return new(
                "no_node_answers", Severity.Halted, [.. facts.Visits.Select(visit => visit.Name)],
                facts.Network.Count == 0 ? "none of the nodes answers" : "none of the validators answers",
                "check the URLs and that this machine reaches them; start the nodes, and read their logs");
            yield break;
        }

        // A member that answered is an island at the least, unless it does not vote.
        var together = Islands.Of(facts) is [var largest, ..] ? largest : [];
        if (together.Count < quorum)
        {
            var missing = facts.Validators.Except(together).ToList();
            yield return new(
                "no_quorum", Severity.Halted, missing,
                $"too few validators {(facts.Validators.Any(facts.IsSilent) ? "vote and " : "")}can speak to "
                + $"each other: {together.Count} of {facts.Validators.Count}, and it takes {quorum}",
                $"bring back {Facts.List(missing)}, or the network between them; any "
                + $"{quorum - together.Count} of them will do");
        }
        else if (together.Count == quorum && facts.Quorums.Faulty > 0)
        {
            yield return new(
                "no_margin", Severity.Degraded, [.. facts.Validators.Except(together)],
                $"there is no margin: {together.Count} of {facts.Validators.Count} validators take part "
                    + "and it takes all of these; one more fault halts the network",
                "mend what is found here soon, and restart no other validator meanwhile");
        }
    }
}
