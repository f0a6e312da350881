namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Nodes that do not answer, judged by how they do not and by what the others say of them.
/// </summary>
internal sealed class NoAnswer : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var visit in facts.Visits.Where(
            visit => visit.Status is null && !visit.IsGuess && !IsRetired(visit, facts)))
        {
            yield return Of(visit, facts);
        }

        foreach (var name in facts.Validators.Where(
            name => facts.Visits.All(visit => visit.IsGuess || visit.Name != name)))
        {
            if (Unvisited(name, facts) is { } finding)
            {
                yield return finding;
            }
        }
    }

    /// <summary>One that was removed may be down as long as it likes.</summary>
    private static bool IsRetired(Visit visit, Facts facts)
        => visit.Expected is { } name && facts.Validators.Count > 0 && !facts.Validators.Contains(name);

    private static Finding Of(Visit visit, Facts facts)
    {
        var (name, url, detail) = (
            visit.Name, visit.Url.GetLeftPart(UriPartial.Authority), visit.Silence?.Detail);
        var connected = facts.Testimonies(name).Where(said => said.Peer.Connected).Select(said => said.From)
            .ToList();
        return visit.Silence?.Kind switch
        {
            SilenceKind.NothingListens when connected.Count > 0 => new(
                "api_closed", Severity.Note, [name],
                $"{name}: nothing listens at {url}, yet {Facts.List(connected)} are connected to it",
                $"correct the URL, or http.listen in {name}'s node.json"),
            SilenceKind.NothingListens => new(
                "node_down", Severity.Degraded, [name],
                $"{name} is down: nothing listens at {url}{LastWords(visit)}",
                visit.Local?.LastWords is null
                    ? $"read the end of {name}'s log for why it ended, mend that, and start it"
                    : "mend what its log says, and start it"),
            SilenceKind.NoAnswer => new(
                "node_stands_still", Severity.Degraded, [name],
                $"{name} stands still: {url} takes the connection and never answers",
                "look at its process on its machine: stopped (state T: send SIGCONT), swapping, or "
                    + "waiting for its disk (state D); if nothing helps, kill and start it"),
            SilenceKind.NotANode => new(
                "not_a_node", Severity.Degraded, [name],
                $"{url} answers, but not as a node ({detail})", "correct the URL"),
            _ => new(
                "node_unreachable", Severity.Degraded, [name],
                $"{name} cannot be reached at {url} ({detail})",
                "check that its machine runs, and the network and the firewalls between here and there"),
        };
    }

    /// <summary>Nobody knew its URL: only the other validators can tell.</summary>
    private static Finding? Unvisited(string name, Facts facts)
    {
        var said = facts.Testimonies(name).ToList();
        if (said.Count == 0 || facts.Members.Any(member => member.Name == name))
        {
            return null;
        }

        if (said.Any(one => one.Peer.Connected))
        {
            return new(
                "not_asked", Severity.Note, [name],
                $"{name} was not asked, for its URL is not known; the others are connected to it",
                "name its URL with --node to have it examined");
        }

        var why = said.Select(one => one.Peer.LastRefusal).FirstOrDefault(reason => reason is not null);
        var isStill = said.All(one => one.Peer.RefusalCode == "half_open");
        return new(
            isStill ? "node_stands_still" : "node_down", Severity.Degraded, [name],
            $"{name} is connected to none of "
            + $"{Facts.List(said.Select(one => one.From))}{(why is null ? "" : $": it {why}")}",
            $"look at {name} on its machine, or name its URL with --node to have it examined");
    }

    private static string LastWords(Visit visit)
        => visit.Local?.LastWords is { } words ? $"; its log ends: {words}" : "";
}
