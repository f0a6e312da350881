using Ledger.Cli.Doctor;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>A restored validator follows and does not vote: it is judged as one that is down.</summary>
public sealed class SilentValidatorTests
{
    [Theory]
    [InlineData("pbft", "primary")]
    [InlineData("raft", "leader")]
    public void A_validator_that_follows_and_does_not_vote_takes_no_part(string mode, string restart)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well(mode).With("validator-4", Clinic.FollowsOnly));

        Assert.Equal(Severity.Degraded, diagnosis.Severity);
        Assert.Equal(["validator-4"], diagnosis.The("silent").Who);
        Assert.Contains("restored", diagnosis.The("silent").What, StringComparison.Ordinal);
        Assert.Contains($"restart the {restart}", diagnosis.The("silent").Next, StringComparison.Ordinal);
        Assert.Contains("--nothing-signed-since", diagnosis.The("silent").Next, StringComparison.Ordinal);
        Assert.Equal(["validator-4"], diagnosis.The("no_margin").Who);
        Assert.Equal(2, diagnosis.Findings.Count);
    }

    [Fact]
    public void Validators_that_do_not_vote_can_halt_the_network_that_they_are_connected_to()
    {
        var two = Diagnosis.Of(Clinic.Well().With("validator-3", Clinic.FollowsOnly)
            .With("validator-4", Clinic.FollowsOnly));
        var all = Diagnosis.Of(Clinic.Well().WithAll(Clinic.FollowsOnly));

        Assert.Equal(["validator-3", "validator-4"], two.The("no_quorum").Who);
        Assert.Contains(
            "vote and can speak to each other: 2 of 4, and it takes 3", two.The("no_quorum").What,
            StringComparison.Ordinal);
        Assert.Equal(Severity.Halted, two.Severity);
        Assert.Equal(Clinic.Names, all.The("no_quorum").Who);
    }

    [Fact]
    public void The_table_tells_a_node_that_does_not_answer_from_one_that_does_not_vote()
    {
        var facts = Clinic.Well().With("validator-3", visit => visit.Silent(SilenceKind.NothingListens))
            .With("validator-4", Clinic.FollowsOnly);
        using StringWriter output = new();
        Terminal terminal = new(output, output, isInteractive: false, _ => null);

        DoctorReport.Print(terminal, facts, Diagnosis.Of(facts));

        Assert.Matches("\nvalidator-3 +no answer +-", output.ToString());
        Assert.Matches("\nvalidator-4 +silent +40", output.ToString());
    }
}
