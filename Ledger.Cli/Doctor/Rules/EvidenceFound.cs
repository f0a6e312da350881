namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Proofs that a validator signed two different statements: a fault of its own, or a stolen key. The ledger
/// keeps them for ever; what it has had for long wakes nobody any more, and is still said.
/// </summary>
internal sealed class EvidenceFound : IRule
{
    private static readonly TimeSpan NewsFor = TimeSpan.FromDays(1);

    public IEnumerable<Finding> Judge(Facts facts) => facts.Proofs.Select(proof => proof.Evidence.Validator)
        .Concat(
            facts.Members.SelectMany(member => member.Vitals?.Evidence ?? []).Select(seen => seen.Validator))
        .Distinct()
        .Select(validator => Of(validator, facts));

    private static Finding Of(string validator, Facts facts)
    {
        var proofs = facts.Proofs.Where(proof => proof.Evidence.Validator == validator).ToList();
        var recorded = proofs.Where(proof => proof.Evidence.RecordedAt is not null).ToList();
        var held = proofs.Except(recorded).ToList();
        var seen = facts.Members
            .SelectMany(
                member => (member.Vitals?.Evidence ?? []).Select(found => (By: member.Name, Found: found)))
            .Where(told => told.Found.Validator == validator
                && recorded.TrueForAll(proof => proof.Evidence.Kind != told.Found.Kind))
            .ToList();
        var isNews = held.Count > 0 || seen.Count > 0 || recorded.Exists(proof => proof.Age <= NewsFor);
        var kinds = proofs.Select(proof => proof.Evidence.Kind).Concat(seen.Select(told => told.Found.Kind));
        var witnesses = held.SelectMany(proof => proof.By).Concat(seen.Select(told => told.By)).Distinct()
            .ToList();
        List<string> where = [];
        if (recorded.Count > 0)
        {
            where.Add(OnTheLedger(recorded));
        }

        if (witnesses.Count > 0)
        {
            where.Add($"as {Facts.List(witnesses)} can prove");
        }

        return new(
            "evidence", isNews ? Severity.Degraded : Severity.Note, [validator],
            $"{validator} signed two different statements ({Facts.List(kinds.Distinct())}), "
            + $"{string.Join("; ", where)}",
            facts.Validators.Contains(validator)
                ? $"see 'ledger evidence'; take {validator} out: stop it, find out whether its key runs "
                    + "twice or was stolen, and keep the logs as evidence"
                : $"see 'ledger evidence'; {validator} has no seat any more: find out whether its key runs "
                    + "twice or was stolen, keep the logs as evidence, and add another validator");
    }

    private static string OnTheLedger(List<Proof> recorded)
    {
        var last = recorded.MaxBy(proof => proof.Evidence.RecordedAt)!;
        var since = $"since block {last.Evidence.RecordedAt}{Ago(last.Age)}";
        return recorded.Count == 1
            ? $"the proof is on the ledger {since}"
            : $"{recorded.Count} proofs are on the ledger, the last one {since}";
    }

    private static string Ago(TimeSpan? age) => age switch
    {
        null => "",
        { TotalHours: < 2 } minutes => $" ({minutes.TotalMinutes:0} min ago)",
        { TotalDays: < 2 } hours => $" ({hours.TotalHours:0} h ago)",
        { } days => $" ({days.TotalDays:0} days ago)",
    };
}
