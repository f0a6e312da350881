namespace Ledger.Cli.Doctor;

/// <summary>
/// Which validators can speak to each other: the groups that their connections make, largest first. A
/// validator that was not asked, but that others are connected to, belongs to their group; one that does not
/// vote belongs to none.
/// </summary>
internal static class Islands
{
    public static IReadOnlyList<IReadOnlyList<string>> Of(Facts facts)
    {
        List<IReadOnlyList<string>> islands = [];
        HashSet<string> left = [.. facts.Validators.Where(name => IsThere(facts, name))];
        foreach (var first in facts.Validators.Where(left.Contains).ToList())
        {
            if (!left.Remove(first))
            {
                continue;
            }

            List<string> island = [first];
            for (var i = 0; i < island.Count; i++)
            {
                foreach (var other in facts.Validators.Where(
                    name => left.Contains(name) && facts.Connected(island[i], name)))
                {
                    left.Remove(other);
                    island.Add(other);
                }
            }

            islands.Add([.. facts.Validators.Where(island.Contains)]);
        }

        return [.. islands.OrderByDescending(island => island.Count)];
    }

    /// <summary>One that stands still keeps its connections for a while, and takes no part.</summary>
    private static bool IsThere(Facts facts, string name)
        => !facts.IsSilent(name) && (facts.Members.Any(member => member.Name == name)
            || (facts.Testimonies(name).Any(said => said.Peer.Connected)
                && facts.Visits.All(
                    visit => visit.Name != name || visit.Silence?.Kind != SilenceKind.NoAnswer)));
}
