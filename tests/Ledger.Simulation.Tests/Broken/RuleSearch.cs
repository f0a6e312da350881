namespace Ledger.Simulation.Tests.Broken;

/// <summary>Runs seeds with an engine until an invariant breaks.</summary>
internal static class RuleSearch
{
    public static void AssertNoticed(BrokenRule rule, ITestOutputHelper output)
    {
        var engine = BrokenEngine.With(rule);
        IEnumerable<int> seeds = Enumerable.Range(1, rule.Seeds);
        if (RuleTable.SeedOf(rule.Name) is { } known && known <= rule.Seeds)
        {
            seeds = seeds.Prepend(known);
        }

        foreach (var seed in seeds)
        {
            if (BreachOf(engine, rule, seed) is { } breach)
            {
                output.WriteLine($"{rule.Name}: seed {seed}, {breach}");
                RuleTable.Add(rule.Name, seed, rule.Seeds, breach);
                return;
            }
        }

        Assert.Fail($"{rule.Seeds} seeds, and nobody noticed that the engine {rule.Name}");
    }

    /// <summary>
    /// The engine as it is, made in the same way, over seeds like those that find its broken sisters.
    /// </summary>
    public static void AssertSound(string name)
    {
        BrokenRule none = new("as it is", 0) { Engine = name };
        var engine = BrokenEngine.With(none);
        Parallel.For(1, 101, seed => Assert.Null(BreachOf(engine, none, seed)));
    }

    private static string? BreachOf(BrokenEngine engine, BrokenRule rule, int seed)
        => engine.BreachOf(rule.Engine, (ulong)seed, rule.Nodes, rule.Steps);
}
