namespace Ledger.Cli.Doctor.Rules;

/// <summary>Nodes of this network that take no part: not added yet, or removed.</summary>
internal sealed class NoValidator : IRule
{
    public IEnumerable<Finding> Judge(Facts facts) => facts.Network
        .Where(visit => !facts.Validators.Contains(visit.Name))
        .Select(visit => visit.Status!.State == "joining"
            ? new Finding(
                "not_added", Severity.Note, [visit.Name],
                $"{visit.Url.Authority} follows the chain and is no validator yet; its key is {visit.Name}",
                $"have an admin add it: ledger tx add-validator NAME {visit.Name} HOST:PORT --key admin.key.json")
            : new Finding(
                "removed", Severity.Note, [visit.Name],
                $"{visit.Name} is no validator any more: it serves blocks up to {visit.Status.Height}, and votes no more",
                "stop it when nobody needs what it serves"));
}
