using Ledger.Cli.Doctor.Rules;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Doctor;

/// <summary>
/// What the facts come to: every rule's findings, the worst first, and the sentence over them.
/// </summary>
internal sealed record Diagnosis(Severity Severity, string Headline, IReadOnlyList<Finding> Findings)
{
    private static readonly IRule[] Rules =
    [
        new NoQuorum(), new DoesNotAdvance(), new Parted(), new NoAnswer(), new SilentValidator(),
        new OtherGenesis(), new SharedKey(),
        new EvidenceFound(), new DiskFull(), new NeverVotes(), new ClockOff(), new LoopStuck(),
        new SlowDisk(),
        new MempoolFull(), new Behind(), new OtherVersion(), new ViewsDiffer(), new NoValidator(),
    ];

    public static Diagnosis Of(Facts facts)
    {
        // Stable: rules come in the order in which a person would mend what they find.
        Finding[] findings =
            [.. Rules.SelectMany(rule => rule.Judge(facts)).OrderByDescending(finding => finding.Severity)];
        var worst = findings.Select(finding => finding.Severity).DefaultIfEmpty(Severity.Note).Max();
        return new(worst, HeadlineOf(facts, worst), findings);
    }

    private static string HeadlineOf(Facts facts, Severity worst)
    {
        if (facts.Members.Count == 0)
        {
            return "No node answers: whether the network advances cannot be seen from here.";
        }

        var status = facts.Members[0].Status!;
        var witnesses = facts.Witnesses.Count == 0 ? "" : $", {Facts.List(facts.Witnesses)} as witness,";
        var network = $"The network of {facts.Validators.Count} "
            + $"{Plural.Of(facts.Validators.Count, "validator")}{witnesses} (chain {status.ChainId}, "
            + $"{status.Mode})";
        var idle = facts.Members.All(member => member.Status!.MempoolTransactions == 0);
        return worst switch
        {
            Severity.Halted => $"{network} is halted at height {facts.Height}.",
            Severity.Degraded => $"{network} goes on at height {facts.Height}, but is not well.",
            _ => $"{network} is well at height {facts.Height}; "
            + $"{(idle ? "nothing waits" : "transactions are under way")}.",
        };
    }
}
