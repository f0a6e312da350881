namespace Ledger.Simulation;

/// <summary>
/// One run in plain types, for callers that have loaded this assembly beside another build of the engine.
/// </summary>
public static class SeedRun
{
    /// <param name="engine">By its name.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="nodes">How many validators.</param>
    /// <param name="steps">Engine steps before the faults stop.</param>
    /// <returns>The broken invariant with what was seen, or null when all held.</returns>
    public static string? BreachOf(string engine, ulong seed, int nodes, int steps)
        => Simulator.Run(
            new() { Engine = engine, Seed = seed, Nodes = nodes, Steps = steps }).Breach?.ToString();
}
