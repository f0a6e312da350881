namespace Ledger.Cli.Doctor.Rules;

/// <summary>Validators that lack blocks which the others have.</summary>
internal sealed class Behind : IRule
{
    /// <summary>Blocks under way make a node seem behind for a moment.</summary>
    private const ulong Tolerated = 16;

    public IEnumerable<Finding> Judge(Facts facts) => facts.Members
        .Where(visit => !NoValidator.Was(visit, facts) && visit.Status!.Height + Tolerated < facts.Height)
        .Select(visit => new Finding(
            "behind", Severity.Degraded, [visit.Name],
            $"{visit.Name} is {facts.Height - visit.Status!.Height} blocks behind: height "
                + $"{visit.Status.Height}, where the highest has {facts.Height}",
            "ask again in a moment: it catches up by itself while it is connected; if its height stands "
            + "still, read its log"));
}
