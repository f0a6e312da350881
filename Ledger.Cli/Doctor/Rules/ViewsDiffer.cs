using Ledger.Core;

namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Validators that are not in the view that the most are in: some see a primary that others have left.
/// </summary>
internal sealed class ViewsDiffer : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        var views = facts.Members.GroupBy(member => member.Status!.View).OrderBy(group => group.Key).ToList();
        if (views.Count > 1)
        {
            yield return new(
                "views_differ", Severity.Note, [],
                $"the {facts.ViewWord}s differ: " + string.Join("; ", views.Select(
                    group => $"{Facts.List(group.Select(member => member.Name))} in {new View(group.Key)}")),
                "nothing, unless it stays so: then look for who is unreachable or slow");
        }

        var leaderless = facts.Members.Where(member => member.Status is { Primary: null, Peers: > 0 })
            .ToList();
        if (leaderless.Count > 0 && leaderless.Count == facts.Members.Count)
        {
            yield return new(
                "no_leader", Severity.Degraded, [.. leaderless.Select(member => member.Name)],
                "no validator knows a leader: an election is under way",
                "ask again in a second; if elections go on, look at the links and at "
                + "consensus.electionTimeoutMs");
        }
    }
}
