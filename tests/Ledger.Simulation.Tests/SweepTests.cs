using System.Security.Cryptography;

namespace Ledger.Simulation.Tests;

/// <summary>
/// Whole networks with every fault and up to f liars: the same seeds each time, and some that nobody ran
/// before.
/// </summary>
public sealed class SweepTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(4, 300)]
    [InlineData(5, 80)]
    [InlineData(7, 60)]
    [InlineData(10, 30)]
    public void Every_invariant_holds(int nodes, int seeds) => Run(nodes, 1, seeds);

    [Theory]
    [InlineData(1, 20)]
    [InlineData(3, 150)]
    [InlineData(4, 60)]
    [InlineData(5, 100)]
    [InlineData(7, 40)]
    public void Every_invariant_holds_with_raft(int nodes, int seeds) => Run(nodes, 1, seeds, "raft");

    [Theory]
    [InlineData(4, 150)]
    [InlineData(5, 30)]
    [InlineData(7, 20)]
    public void Every_invariant_holds_for_seeds_that_nobody_ran_before(int nodes, int seeds)
    {
        var first = (ulong)RandomNumberGenerator.GetInt32(1_000_000, int.MaxValue);
        output.WriteLine($"seeds {first} to {first + (ulong)seeds - 1} of {nodes} validators");
        Run(nodes, first, seeds);
    }

    /// <summary>
    /// Seed 1000705: after restarts one validator held a base in its journal and another the base's ancestor; neither
    /// showed what it could not yet validate, so nobody could fetch either.
    /// </summary>
    [Fact]
    public void What_only_a_journal_holds_is_shown_to_peers_that_lack_it()
        => Assert.Null(Simulator.Run(new() { Seed = 1_000_705 }).Breach);

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void Every_invariant_holds_against_f_liars_of_one_kind(string strategy)
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            Assert.Null(Simulator.Run(new() { Seed = seed, Byzantine = 1, Strategy = strategy, Steps = 2000 }).Breach);
        }

        var large = Simulator.Run(new() { Seed = 9, Nodes = 7, Byzantine = 2, Strategy = strategy, Steps = 3000 });
        Assert.Null(large.Breach);
    }

    /// <summary>That every honest ledger has the proof is an invariant of each run; here it is shown to occur.</summary>
    [Theory]
    [InlineData("equivocate")]
    [InlineData("second-thoughts")]
    [InlineData("double-vote")]
    [InlineData("twins")]
    public void Who_votes_twice_ends_up_on_the_ledger(string strategy)
    {
        var accused = 0;
        for (ulong seed = 1; seed <= 8; seed++)
        {
            var result = Simulator.Run(new() { Seed = seed, Byzantine = 1, Strategy = strategy, Steps = 3000 });
            Assert.Null(result.Breach);
            accused += result.Accused;
        }

        Assert.True(accused > 0);
    }

    [Theory]
    [MemberData(nameof(AllFaults))]
    public void Every_fault_takes_place_when_it_is_asked_for(string name)
    {
        Assert.True(FaultSet.TryParse(name, out var faults, out _));
        var injected = 0L;
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var result = Simulator.Run(new() { Seed = seed, Faults = faults, Byzantine = 0, Steps = 1500 });
            Assert.Null(result.Breach);
            injected += result.Faults[FaultSet.Names.ToList().IndexOf(name)];
            Assert.Equal(result.Faults.Sum(), result.Faults[FaultSet.Names.ToList().IndexOf(name)]);
        }

        Assert.True(injected > 0);
    }

    /// <summary>A checker that cannot see a fork has not looked.</summary>
    [Theory]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(7, 4)]
    public void With_more_than_f_liars_the_fork_is_seen(int nodes, int liars)
    {
        var seen = Enumerable.Range(1, 20)
            .Select(seed => Simulator.Run(new() { Seed = (ulong)seed, Nodes = nodes, Byzantine = liars }).Breach?.Name)
            .Count(name => name is "agreement" or "one certificate");
        Assert.True(seen > 0);
    }

    public static TheoryData<string> AllStrategies { get; } = [.. Strategies.Names];

    public static TheoryData<string> AllFaults { get; } = [.. FaultSet.Names];

    private static void Run(int nodes, ulong first, int seeds, string engine = "pbft")
        => Parallel.For(0, seeds, i =>
        {
            var result = Simulator.Run(new() { Engine = engine, Seed = first + (ulong)i, Nodes = nodes });
            Assert.True(result.Breach is null, $"ledger simulate --engine {engine} --nodes {nodes} --seed {result.Options.Seed}: {result.Breach}");
        });
}
