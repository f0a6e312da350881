using Ledger.Simulation;

namespace Ledger.Cli.Simulations;

/// <summary>What all runs of a sweep came to.</summary>
internal sealed record SweepTotals(
    long Steps, long Events, TimeSpan VirtualTime, ulong Blocks, long Transactions, long Reads,
    long ViewChanges,
    ulong Epochs, long Evidence, IReadOnlyList<long> Faults, IReadOnlyList<long> Lies, string TraceHash)
{
    public static readonly SweepTotals None = new(
        0, 0, TimeSpan.Zero, 0, 0, 0, 0, 0, 0, [.. FaultSet.Names.Select(_ => 0L)],
        [.. Strategies.Names.Select(_ => 0L)], "");

    public SweepTotals With(SimulationResult run) => new(
        Steps + run.Steps, Events + run.Events, VirtualTime + run.VirtualTime, Blocks + run.Blocks,
        Transactions + run.Transactions, Reads + run.Reads, ViewChanges + run.ViewChanges, Epochs
        + run.Epochs,
        Evidence + run.Evidence,
        [.. Faults.Zip(run.Faults, (a, b) => a + b)], [.. Lies.Zip(run.Lies, (a, b) => a + b)],
        run.TraceHash.ToString());
}

/// <summary>
/// Runs consecutive seeds on all cores, each in one thread of its own, until one breaks an invariant.
/// </summary>
internal sealed class SeedSweep(SimulationOptions first, int seeds)
{
    private readonly Lock _lock = new();

    public int Seeds { get; } = seeds;

    public int Done { get; private set; }

    public SweepTotals Totals { get; private set; } = SweepTotals.None;

    /// <summary>The lowest seed that broke an invariant, among those that were run.</summary>
    public SimulationResult? Failing { get; private set; }

    public void Run(CancellationToken cancellationToken) => Parallel.For(0, Seeds, (i, loop) =>
    {
        if (cancellationToken.IsCancellationRequested)
        {
            loop.Stop();
            return;
        }

        var result = Simulator.Run(first with { Seed = first.Seed + (ulong)i });
        lock (_lock)
        {
            Done++;
            Totals = Totals.With(result);
            if (result.Breach is not null)
            {
                Failing = Failing is null || result.Options.Seed < Failing.Options.Seed ? result : Failing;
                loop.Break();
            }
        }
    });
}
