namespace Ledger.Simulation.Tests.Broken;

/// <summary>Runs seeds with an engine until an invariant breaks.</summary>
internal static class RuleSearch
{
    public static void AssertNoticed(BrokenRule rule, ITestOutputHelper output)
    {
        using var engine = BrokenEngine.With(rule);
        IEnumerable<int> seeds = Enumerable.Range(1, rule.Seeds);
        if (RuleTable.SeedOf(rule.Name) is { } known && known <= rule.Seeds)
        {
            seeds = seeds.Prepend(known);
        }

        foreach (var seed in seeds)
        {
            if (BreachOf(engine, rule.Engine, seed) is { } breach)
            {
                output.WriteLine($"{rule.Name}: seed {seed}, {breach}");
                RuleTable.Add(rule.Name, seed, rule.Seeds, breach);
                return;
            }
        }

        Assert.Fail($"{rule.Seeds} seeds, and nobody noticed that the engine {rule.Name}");
    }

    /// <summary>The engine as it is, made in the same way, over seeds like those that find its broken sisters.</summary>
    public static void AssertSound(string name)
    {
        using var engine = BrokenEngine.With(new("as it is", 0));
        Parallel.For(1, 101, seed => Assert.Null(BreachOf(engine, name, seed)));
    }

    /// <summary>
    /// Raft's errors want more than one voter out of reach, and several terms: more validators, and more steps, since
    /// most are its clock's.
    /// </summary>
    private static string? BreachOf(BrokenEngine engine, string name, int seed)
        => name == "raft"
            ? engine.BreachOf(name, (ulong)seed, nodes: 5, steps: 6000)
            : engine.BreachOf(name, (ulong)seed, nodes: 4, steps: 2500);
}
