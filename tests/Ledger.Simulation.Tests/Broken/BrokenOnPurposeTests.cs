namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// A simulator that finds nothing proves nothing: with any one rule of the engine broken, it finds a broken
/// invariant within the stated number of seeds. The same seeds pass with the engine as it is.
/// </summary>
public sealed class BrokenOnPurposeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Rules { get; } = [.. BrokenRules.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_simulator_notices_when_the_engine(string rule)
        => RuleSearch.AssertNoticed(BrokenRules.All.Single(candidate => candidate.Name == rule), output);

    [Fact]
    public void At_least_fifteen_rules_of_each_engine_are_broken_each_by_a_name_of_its_own()
    {
        IReadOnlyList<BrokenRule> all = [.. BrokenRules.All, .. BrokenRaftRules.All];
        Assert.True(BrokenRules.All.Count >= 15);
        Assert.True(BrokenRaftRules.All.Count >= 15);
        Assert.Equal(all.Count, all.Select(rule => rule.Name).Distinct().Count());
    }

    [Fact]
    public void The_engine_as_it_is_passes_the_same_seeds() => RuleSearch.AssertSound("pbft");

    [Fact]
    public void A_text_that_the_engine_does_not_hold_is_an_error()
        => Assert.Throws<InvalidOperationException>(
            () => BrokenEngine.With(new("gone", 1, new Edit("Replica.cs", "no such text", ""))));
}

/// <summary>The same for Raft.</summary>
public sealed class BrokenRaftOnPurposeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Rules { get; } = [.. BrokenRaftRules.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_simulator_notices_when_the_engine(string rule)
        => RuleSearch.AssertNoticed(BrokenRaftRules.All.Single(candidate => candidate.Name == rule), output);

    [Fact]
    public void The_engine_as_it_is_passes_the_same_seeds() => RuleSearch.AssertSound("raft");
}
