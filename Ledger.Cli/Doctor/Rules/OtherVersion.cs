namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Nodes that run another version: all is well while an upgrade goes on, and not for long after.
/// </summary>
internal sealed class OtherVersion : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        var versions = facts.Answers.GroupBy(visit => visit.Status!.Version)
            .OrderByDescending(group => group.Count()).ToList();
        if (versions.Count > 1)
        {
            yield return new(
                "version_differs", Severity.Note,
                [.. versions.Skip(1).SelectMany(group => group).Select(visit => visit.Name)],
                "versions differ: " + string.Join("; ", versions.Select(
                    group => $"{Facts.List(group.Select(visit => visit.Name))} run {group.Key}")),
                "finish the upgrade: see 'Rolling restart' in docs/operations.md");
        }

        foreach (var (from, peer) in facts.Members.SelectMany(
            member => member.Status!.PeerList.Select(peer => (member.Name, peer))))
        {
            if (!peer.Connected && peer.RefusalCode == "version")
            {
                yield return new(
                    "protocol_differs", Severity.Degraded, [from, peer.Name],
                    $"{from} and {peer.Name} cannot connect: {peer.LastRefusal}",
                    "run the same version on both");
            }
        }
    }
}
