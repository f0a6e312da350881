using System.Security.Cryptography;

namespace Ledger.Simulation.Tests;

/// <summary>
/// Whole networks with every fault and up to f liars: the same seeds each time, and some that nobody ran
/// before.
/// </summary>
public sealed class SweepTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 20)]
    [InlineData(4, 120)]
    [InlineData(5, 40)]
    [InlineData(7, 30)]
    [InlineData(10, 12)]
    public void Every_invariant_holds(int nodes, int seeds) => Run(nodes, 1, seeds);

    [Theory]
    [InlineData(1, 10)]
    [InlineData(3, 100)]
    [InlineData(4, 30)]
    [InlineData(5, 60)]
    [InlineData(7, 20)]
    public void Every_invariant_holds_with_raft(int nodes, int seeds) => Run(nodes, 1, seeds, "raft");

    [Theory]
    [InlineData("pbft", 4, 60)]
    [InlineData("pbft", 7, 15)]
    [InlineData("raft", 5, 60)]
    public void Every_invariant_holds_for_seeds_that_nobody_ran_before(string engine, int nodes, int seeds)
    {
        var first = (ulong)RandomNumberGenerator.GetInt32(1_000_000, int.MaxValue);
        output.WriteLine($"seeds {first} to {first + (ulong)seeds - 1} of {nodes} validators");
        Run(nodes, first, seeds, engine);
    }

    /// <summary>
    /// Seed 1000705: after restarts one validator held a base in its journal and another the base's ancestor;
    /// neither showed what it could not yet validate, so nobody could fetch either.
    /// </summary>
    [Fact]
    public void What_only_a_journal_holds_is_shown_to_peers_that_lack_it()
        => Assert.Null(Simulator.Run(new() { Seed = 1_000_705 }).Breach);

    [Theory]
    [MemberData(nameof(AllStrategies))]
    public void Every_invariant_holds_against_f_liars_of_one_kind(string strategy)
    {
        var lies = 0L;
        for (ulong seed = 1; seed <= 6; seed++)
        {
            var result = Simulator.Run(
                new() { Seed = seed, Byzantine = 1, Strategy = strategy, Steps = 2000 });
            Assert.Null(result.Breach);
            lies += result.Lies[Strategies.Names.ToList().IndexOf(strategy)];
            Assert.Equal(result.Lies.Sum(), result.Lies[Strategies.Names.ToList().IndexOf(strategy)]);
        }

        Assert.True(lies > 0, $"'{strategy}' never lied");
        var large = Simulator.Run(
            new() { Seed = 9, Nodes = 7, Byzantine = 2, Strategy = strategy, Steps = 3000 });
        Assert.Null(large.Breach);
    }

    [Theory]
    [InlineData("pbft")]
    [InlineData("raft")]
    public void Reads_are_served_through_every_fault(string engine)
    {
        var result = Simulator.Run(new() { Engine = engine, Seed = 3 });
        Assert.Null(result.Breach);
        Assert.True(result.Reads > 0);
    }

    /// <summary>
    /// Ten times the blocks, and no more to remember than the window and what a slow peer may ask for.
    /// </summary>
    [Theory]
    [InlineData("pbft")]
    [InlineData("raft")]
    public void An_engine_does_not_grow_with_its_chain(string engine)
    {
        Assert.InRange(EngineBytesAfter(engine, 40_000), 1, 3 * EngineBytesAfter(engine, 4_000));

        static long EngineBytesAfter(string engine, int steps)
        {
            using var simulator = new Simulator(
                new() { Engine = engine, Seed = 7, Steps = steps, Faults = FaultSet.None, Byzantine = 0 });
            Assert.Null(simulator.Run().Breach);
            return simulator.EngineBytes;
        }
    }

    /// <summary>
    /// That every honest ledger has the proof is an invariant of each run; here it is shown to occur.
    /// </summary>
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
            var result = Simulator.Run(
                new() { Seed = seed, Byzantine = 1, Strategy = strategy, Steps = 3000 });
            Assert.Null(result.Breach);
            accused += result.Accused;
        }

        Assert.True(accused > 0);
    }

    [Theory]
    [MemberData(nameof(AllFaults))]
    public void Every_fault_takes_place_when_it_is_asked_for(string name)
    {
        var engine = name == "transfer" ? "raft" : "pbft";
        Assert.True(FaultSet.TryParse(name, out var faults, out _));
        var injected = 0L;
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var result = Simulator.Run(
                new() { Engine = engine, Seed = seed, Faults = faults, Byzantine = 0, Steps = 1500 });
            Assert.Null(result.Breach);
            injected += result.Faults[FaultSet.Names.ToList().IndexOf(name)];
            Assert.Equal(result.Faults.Sum(), result.Faults[FaultSet.Names.ToList().IndexOf(name)]);
        }

        Assert.True(injected > 0);
    }

    /// <summary>What the admin asks for takes effect: epochs begin.</summary>
    [Theory]
    [InlineData("pbft", 4)]
    [InlineData("pbft", 7)]
    [InlineData("raft", 3)]
    [InlineData("raft", 5)]
    public void Validators_come_and_go(string engine, int nodes)
    {
        var faults = FaultSet.None.With(Fault.Members).With(Fault.Crash).With(Fault.Partition);
        var changes = 0UL;
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var result = Simulator.Run(
                new() { Engine = engine, Seed = seed, Nodes = nodes, Faults = faults });
            Assert.Null(result.Breach);
            changes += result.Epochs;
        }

        Assert.True(changes >= 6, $"{changes} epochs in 12 runs");
    }

    /// <summary>A checker that cannot see a fork has not looked.</summary>
    [Theory]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(7, 4)]
    public void With_more_than_f_liars_the_fork_is_seen(int nodes, int liars)
    {
        var seen = Enumerable.Range(1, 20)
            .Select(seed =>
                Simulator.Run(new() { Seed = (ulong)seed, Nodes = nodes, Byzantine = liars }).Breach?.Name)
            .Count(name => name is "agreement" or "one certificate");
        Assert.True(seen > 0);
    }

    public static TheoryData<string> AllStrategies { get; } = [.. Strategies.Names];

    public static TheoryData<string> AllFaults { get; } = [.. FaultSet.Names];

    private static void Run(int nodes, ulong first, int seeds, string engine = "pbft")
        => Parallel.For(0, seeds, i =>
        {
            var result = Simulator.Run(new() { Engine = engine, Seed = first + (ulong)i, Nodes = nodes });
            Assert.True(result.Breach is null, $"ledger simulate --engine {engine} --nodes {nodes} --seed "
                + $"{result.Options.Seed}: {result.Breach}");
        });
}
