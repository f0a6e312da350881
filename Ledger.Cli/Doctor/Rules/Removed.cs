namespace Ledger.Cli.Doctor.Rules;

/// <summary>Nodes that still run though the ledger has taken their seat.</summary>
internal sealed class Removed : IRule
{
    public IEnumerable<Finding> Judge(Facts facts) => facts.Members
        .Where(Is)
        .Select(visit => new Finding(
            "removed", Severity.Note, [visit.Name],
            $"{visit.Name} was removed from the validators: it votes no more, proposes nothing and will not lead",
            "stop it, and name it to clients no longer; to bring it back, add it again"));

    public static bool Is(Visit visit) => visit.Status!.State == "removed";
}
