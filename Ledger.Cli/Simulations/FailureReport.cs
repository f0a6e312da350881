using Ledger.Simulation;

namespace Ledger.Cli.Simulations;

/// <summary>
/// A broken invariant for a person: what broke, what of the run is needed for it, and its last messages.
/// </summary>
internal static class FailureReport
{
    private const int LinesMax = 60;

    public static IEnumerable<string> Of(SimulationResult failing, SimulationResult smallest)
    {
        yield return $"broken         {failing.Breach}";
        yield return $"seed           {failing.Options.Seed}, {failing.Steps:N0} steps, "
            + $"{failing.Injections - failing.Options.LeftOut.Count:N0} injections";
        var left = smallest.Injections - smallest.Options.LeftOut.Count(i => i < smallest.Injections);
        yield return $"smallest       {smallest.Steps:N0} steps, {left:N0} injections, "
            + $"{smallest.Options.Clients} clients, faults {smallest.Options.Faults}"
            + (smallest.Liars.Count > 0 ? $", liars: {string.Join(", ", smallest.Liars)}" : "");
        yield return $"it breaks      {smallest.Breach}";
        yield return "";
        Queue<TraceEvent> last = new();
        var hosts = smallest.Options.Nodes;
        Simulator.Run(smallest.Options, happened =>
        {
            hosts = Math.Max(hosts, happened.Node + 1);
            if (!happened.Text.StartsWith("STATUS", StringComparison.Ordinal))
            {
                last.Enqueue(happened);
            }

            if (last.Count > LinesMax)
            {
                last.Dequeue();
            }
        });
        foreach (var line in MessageDiagram.Draw(last, hosts))
        {
            yield return line;
        }
    }
}
