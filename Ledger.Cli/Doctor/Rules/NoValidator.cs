using Ledger.Node.Api;

namespace Ledger.Cli.Doctor.Rules;

/// <summary>Nodes of this network that take no part: not added yet, added as another, or removed.</summary>
internal sealed class NoValidator : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var visit in facts.Network)
        {
            if (IsNoWitness(visit, facts) is { } role)
            {
                yield return new(
                    "other_role", Severity.Degraded, [visit.Name],
                    $"{visit.Url.Authority} is set up as a witness (peers.join), and the ledger has its key "
                    + $"{visit.Name} as a {role}, which keeps blocks: nothing comes of it",
                    "set its peers.join to 'yes' and start it with an empty data folder; or have it removed, "
                    + "and another key added with 'ledger admin members add --witness'");
            }
            else if (visit.Status!.State == "joining")
            {
                yield return new(
                    "not_added", Severity.Note, [visit.Name],
                    $"{visit.Url.Authority} follows the chain and is no validator yet; its key is "
                    + $"{visit.Name}",
                    facts.IsRaft
                        ? $"have an admin add it: ledger admin members add NAME {visit.Name} HOST:PORT "
                            + "--key admin.key.json"
                        : $"have an admin add it: ledger tx add-validator NAME {visit.Name} HOST:PORT "
                            + "--key admin.key.json");
            }
            else if (Was(visit, facts))
            {
                yield return new(
                    "removed", Severity.Note, [visit.Name],
                    $"{visit.Name} was removed from the validators: it votes no more, proposes nothing and "
                    + "will not lead",
                    "stop it, and name it to clients no longer; to bring it back, add it again");
            }
        }
    }

    /// <summary>A node without a ledger, whose key the others' ledger has as one who keeps it.</summary>
    /// <returns>What it was added as; null when nothing is amiss.</returns>
    private static string? IsNoWitness(Visit visit, Facts facts)
        => visit.Status is { State: "joining", HeadHash.Length: 0 }
            && facts.Roles.TryGetValue(visit.Name, out var role) && role != ValidatorReply.Witness
                ? role
                : null;

    public static bool Was(Visit visit, Facts facts)
        => visit.Status!.State == "removed"
            || !(facts.Validators.Contains(visit.Name) || facts.Learners.Contains(visit.Name));
}
