namespace Ledger.Cli.Doctor.Rules;

/// <summary>A consensus loop that does not turn though it has work: its disk hangs, or it starves.</summary>
internal sealed class LoopStuck : IRule
{
    private const long PatienceMs = 5_000;

    public IEnumerable<Finding> Judge(Facts facts) => facts.Answers
        .Where(visit => visit.Vitals?.LoopWaitMs > PatienceMs)
        .Select(visit => new Finding(
            "loop_stuck", Severity.Degraded, [visit.Name],
            $"{visit.Name}'s consensus has not moved for {visit.Vitals!.LoopWaitMs / 1000} s though it has "
            + "work",
            "look at its disk (a write that never returns) and its CPU; then restart it"));
}
