namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Connections that should be there and are not: a parted network, a validator alone, a single cut link.
/// </summary>
internal sealed class Parted : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        var islands = Islands.Of(facts);
        if (islands.Count > 1)
        {
            yield return OfIslands(islands, facts);
            yield break;
        }

        foreach (var (one, other) in Pairs(facts.Validators))
        {
            if (IsMember(one, facts) && IsMember(other, facts) && !facts.Connected(one, other))
            {
                yield return new(
                    "link_down", Severity.Degraded, [one, other],
                    $"{one} and {other} are not connected to each other{Why(one, other, facts)}",
                    "check the peer ports and the firewalls between the two machines, in both directions");
            }
        }
    }

    private static Finding OfIslands(IReadOnlyList<IReadOnlyList<string>> islands, Facts facts)
    {
        var quorum = facts.Quorums.Quorum;
        var sides = string.Join(" | ", islands.Select(Facts.List));
        var enough = islands[0].Count >= quorum
            ? $"only {Facts.List(islands[0])} are enough to go on"
            : $"no side has the {quorum} that it takes to go on";
        var why = Why(islands[0][0], islands[1][0], facts);
        return new(
            "partition", Severity.Degraded, [.. islands.Skip(1).SelectMany(island => island)],
            $"the network is parted: {sides}; {enough}{why}",
            "restore the network between them: peer ports, firewalls, routes, in both directions; what "
                + "they missed they fetch by themselves");
    }

    private static bool IsMember(string name, Facts facts)
        => facts.Members.Any(member => member.Name == name);

    private static string Why(string one, string other, Facts facts)
        => facts.Testimonies(other).FirstOrDefault(said => said.From == one).Peer?.LastRefusal is { } reason
            ? $" ({one} says that {other} {reason})"
            : "";

    private static IEnumerable<(string One, string Other)> Pairs(IReadOnlyList<string> names)
        => names.SelectMany((one, i) => names.Skip(i + 1).Select(other => (one, other)));
}
