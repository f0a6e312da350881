namespace Ledger.Cli.Doctor.Rules;

/// <summary>Validators that answer, follow and do not vote yet, for they may have signed what they no longer
/// know.</summary>
internal sealed class SilentValidator : IRule
{
    public IEnumerable<Finding> Judge(Facts facts) => facts.Validators
        .Where(facts.IsSilent)
        .Select(name => new Finding(
            "silent", Severity.Degraded, [name],
            $"{name} is silent: it was restored or has lost its journal, so it follows and does not vote; it "
                + "votes again once the network is past all that it may have signed",
            "until then count it as one that is down; "
                + (facts.IsRaft
                    ? "it ends when it has reached every other validator and a new leader is elected: "
                        + "restart the leader to have that now, which halts a network without "
                        + "margin for a moment"
                    : "it ends when the others have made 128 blocks without it and the view changes: "
                        + "restart the primary then to have that at once, which halts a "
                        + "network without margin for a moment")
                + "; a key that has never signed needs no silence: restore it again, into an empty folder, "
                + "with --nothing-signed-since; see 'After a restore the validator is silent' in "
                + "docs/operations.md"));
}
