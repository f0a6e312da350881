using Ledger.Node.Api;

namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Two processes with one validator's key. The network keeps the second one out, and says so.
/// </summary>
internal sealed class SharedKey : IRule
{
    /// <summary>A twin dials again within seconds; what is older than this is over.</summary>
    private const long FreshMs = 60_000;

    public IEnumerable<Finding> Judge(Facts facts)
    {
        HashSet<string> named = [];
        foreach (var twins in facts.Answers.Where(visit => visit.Vitals is not null)
            .GroupBy(visit => visit.Vitals!.PublicKey).Where(group => group.Count() > 1))
        {
            var name = twins.First().Name;
            named.Add(name);
            yield return Of(name, $"the nodes at {Facts.List(twins.Select(twin => twin.Url.Authority))} "
                + $"both run with {name}'s key");
        }

        foreach (var told in facts.Answers.SelectMany(
            visit => visit.Status!.PeerList.Select(peer => (visit.Name, Peer: peer)))
            .Where(told => IsTwin(told.Peer))
                .GroupBy(told => told.Peer.RefusalCode == "own_key" ? told.Name : told.Peer.Name))
        {
            if (named.Add(told.Key))
            {
                yield return Of(
                    told.Key, $"a second node with {told.Key}'s key asks to be let in: "
                        + $"{Facts.List(told.Select(one => one.Name).Distinct())} say "
                        + $"'{told.First().Peer.LastRefusal}'");
            }
        }
    }

    private static bool IsTwin(PeerReply peer)
        => peer.RefusalCode is "duplicate" or "own_key" && peer.RefusalAgeMs <= FreshMs;

    private static Finding Of(string name, string what) => new(
        "key_shared", Severity.Degraded, [name], what,
        "stop the one that should not run, at once: two nodes with one key may sign two different blocks. "
            + "Never copy a validator's key to a second machine while the first may still start");
}
