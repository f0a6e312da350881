using System.Collections.Frozen;

namespace Ledger.Simulation;

/// <summary>
/// Looks for a smaller run that breaks the same invariant: without whole kinds of faults, with fewer clients
/// and liars, with fewer steps, and then without ever smaller parts of what was injected (Zeller and
/// Hildebrandt, 2002).
/// </summary>
public sealed class Shrinker(Func<SimulationOptions, SimulationResult> run, int runsMax)
{
    private int _runs;

    public int Runs => _runs;

    public SimulationResult Shrink(SimulationResult failing)
    {
        var best = failing;
        foreach (var fault in Enum.GetValues<Fault>())
        {
            Try(best.Options with { Faults = best.Options.Faults.Without(fault) });
        }

        Try(best.Options with { Byzantine = 0 });
        for (var clients = 1; clients < best.Options.Clients; clients++)
        {
            Try(best.Options with { Clients = clients });
        }

        CutSteps();
        LeaveOut();
        CutSteps();
        return best;

        bool Try(SimulationOptions options)
        {
            if (_runs >= runsMax || options == best.Options)
            {
                return false;
            }

            _runs++;
            var result = run(options);
            if (result.Breach?.Name != failing.Breach?.Name)
            {
                return false;
            }

            best = result;
            return true;
        }

        void CutSteps()
        {
            var (low, high) = (0, (int)Math.Min(best.Options.Steps, best.Steps));
            while (high - low > 20 && _runs < runsMax)
            {
                var middle = (low + high) / 2;
                (low, high) = Try(best.Options with { Steps = middle }) ? (low, middle) : (middle, high);
            }
        }

        void LeaveOut()
        {
            for (var size = best.Injections; size >= 1 && _runs < runsMax; size /= 2)
            {
                for (var from = 0; from < best.Injections && _runs < runsMax; from += size)
                {
                    var more = Enumerable.Range(from, size).Where(i => !best.Options.LeftOut.Contains(i))
                        .ToList();
                    if (more.Count > 0)
                    {
                        Try(best.Options with { LeftOut = best.Options.LeftOut.Concat(more).ToFrozenSet() });
                    }
                }
            }
        }
    }
}
