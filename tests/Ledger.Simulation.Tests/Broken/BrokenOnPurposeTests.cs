using System.Globalization;

namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// A simulator that finds nothing proves nothing: with any one rule of the engine broken, it finds a broken
/// invariant within the stated number of seeds. The same seeds pass with the engine as it is.
/// </summary>
public sealed class BrokenOnPurposeTests(ITestOutputHelper output)
{
    private const int Nodes = 4;
    private const int Steps = 2500;

    /// <summary>Where to write the table that docs/testing.md shows; unset: nowhere.</summary>
    private const string TableVariable = "LEDGER_BROKEN_RULES_TABLE";

    private static readonly Lock TableLock = new();

    public static TheoryData<string> Rules { get; } = [.. BrokenRules.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_simulator_notices_when_the_engine(string rule)
    {
        var broken = BrokenRules.All.Single(candidate => candidate.Name == rule);
        using var engine = BrokenEngine.With(broken);
        var (seeds, breach) = Search(engine, broken.Engine, broken.Seeds);
        output.WriteLine($"{rule}: seed {seeds}, {breach}");
        Assert.True(breach is not null, $"{broken.Seeds} seeds, and nobody noticed that the engine {rule}");
        AddToTable(rule, seeds, broken.Seeds, breach);
    }

    [Fact]
    public void At_least_fifteen_rules_are_broken_each_by_a_name_of_its_own()
    {
        Assert.True(BrokenRules.All.Count >= 15);
        Assert.Equal(BrokenRules.All.Count, BrokenRules.All.Select(rule => rule.Name).Distinct().Count());
    }

    [Theory]
    [InlineData("pbft")]
    [InlineData("raft")]
    public void The_engine_as_it_is_passes_the_same_seeds(string name)
    {
        using var engine = BrokenEngine.With(new("as it is", 0));
        Assert.Equal((0, null), Search(engine, name, 200));
    }

    [Fact]
    public void A_text_that_the_engine_does_not_hold_is_an_error()
        => Assert.Throws<InvalidOperationException>(
            () => BrokenEngine.With(new("gone", 1, new Edit("Replica.cs", "no such text", ""))));

    private static (int Seeds, string? Breach) Search(BrokenEngine engine, string name, int seeds)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            if (engine.BreachOf(name, (ulong)seed, Nodes, Steps) is { } breach)
            {
                return (seed, breach);
            }
        }

        return (0, null);
    }

    private static void AddToTable(string rule, int seed, int allowed, string breach)
    {
        if (Environment.GetEnvironmentVariable(TableVariable) is not { Length: > 0 } path)
        {
            return;
        }

        var invariant = breach[..breach.IndexOf(':', StringComparison.Ordinal)];
        lock (TableLock)
        {
            File.AppendAllText(
                path, string.Create(CultureInfo.InvariantCulture, $"| {rule} | {invariant} | {seed} | {allowed} |\n"));
        }
    }
}
