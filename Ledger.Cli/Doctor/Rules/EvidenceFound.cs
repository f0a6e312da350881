namespace Ledger.Cli.Doctor.Rules;

/// <summary>Proofs that a validator signed two different statements: a fault of its own, or a stolen key.</summary>
internal sealed class EvidenceFound : IRule
{
    public IEnumerable<Finding> Judge(Facts facts) => facts.Members
        .SelectMany(member => (member.Vitals?.Evidence ?? []).Select(found => (By: member.Name, Found: found)))
        .GroupBy(told => told.Found.Validator)
        .Select(about => new Finding(
            "evidence", Severity.Degraded, [about.Key],
            $"{about.Key} signed two different statements "
                + $"({Facts.List(about.Select(told => told.Found.Kind).Distinct())}), as "
                + $"{Facts.List(about.Select(told => told.By).Distinct())} can prove",
            $"take {about.Key} out: stop it, find out whether its key runs twice or was stolen, and keep the logs as evidence"));
}
