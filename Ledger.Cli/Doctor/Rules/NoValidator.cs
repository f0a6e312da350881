namespace Ledger.Cli.Doctor.Rules;

/// <summary>Nodes of this network that take no part: not added yet, or removed.</summary>
internal sealed class NoValidator : IRule
{
    public IEnumerable<Finding> Judge(Facts facts)
    {
        foreach (var visit in facts.Network)
        {
            if (visit.Status!.State == "joining")
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

    public static bool Was(Visit visit, Facts facts)
        => visit.Status!.State == "removed"
            || !(facts.Validators.Contains(visit.Name) || facts.Learners.Contains(visit.Name));
}
