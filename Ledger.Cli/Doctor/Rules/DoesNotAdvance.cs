using Ledger.Core;

namespace Ledger.Cli.Doctor.Rules;

/// <summary>Transactions wait and no block becomes final: what each validator waits for says why.</summary>
internal sealed class DoesNotAdvance : IRule
{
    private const long PatienceMs = 10_000;

    public IEnumerable<Finding> Judge(Facts facts)
    {
        var asked = facts.Members.Where(member => member.Vitals is not null).ToList();
        if (asked.Count == 0)
        {
            yield break;
        }

        var oldest = asked.Max(member => member.Vitals!.OldestTransactionMs);
        var quiet = asked.Min(member => member.Vitals!.SinceFinalMs);
        if (oldest < PatienceMs || quiet < PatienceMs)
        {
            yield break;
        }

        var each = asked.Select(member => $"{member.Name} {WaitingFor(member, facts)}");
        yield return new(
            "does_not_advance", Severity.Halted, [],
            $"it does not advance: transactions have waited for {oldest / 1000} s, and the last block is "
            + $"{quiet / 1000} s old; "
                + string.Join("; ", each),
            "mend the other findings first; when there is none, restart one validator after the other and "
            + "keep their logs");
    }

    private static string WaitingFor(Visit member, Facts facts)
    {
        var (status, vitals) = (member.Status!, member.Vitals!);
        var view = new View(status.View);
        var where = $"is in {facts.ViewWord} {view}";
        return vitals.WaitsFor switch
        {
            "peers" => $"{where} and waits for peers",
            "leader" => $"{where} and waits for a leader to be elected",
            "new-view" => $"has asked for view {view} and waits for {status.Primary} to open it",
            "proposal" when status.IsPrimary => $"{where}, which is its own to propose in",
            "proposal" => $"{where} and waits for {status.Primary} to propose",
            "prepares" => $"{where} and waits for PREPAREs at height {vitals.PhaseHeight}",
            "commits" when facts.IsRaft => $"leads in term {view} and waits for a majority to have its log",
            "commits" => $"{where} and waits for COMMITs at height {vitals.PhaseHeight}",
            _ => $"{where} and waits for nothing",
        };
    }
}
