namespace Ledger.Simulation;

/// <summary>
/// Decides which faults a run has. Each run uses a few, some or all of those that are enabled: schedules with
/// few kinds reach states that schedules with all of them do not (Groce et al., "Swarm testing", 2012). Every
/// injection has a number, so that a failing run can be tried again without it.
/// </summary>
internal sealed class FaultPlan
{
    private readonly FaultSet _active;
    private readonly IReadOnlySet<int> _left;
    private readonly long[] _counts = new long[Enum.GetValues<Fault>().Length];

    public FaultPlan(FaultSet enabled, IReadOnlySet<int> leftOut, Chance chance)
    {
        _left = leftOut;
        var share = chance.Pick([10, 25, 50, 100]);
        foreach (var fault in Enum.GetValues<Fault>())
        {
            // Drawn for all, so that switching one fault off does not move the others.
            var drawn = chance.Percent(share);
            if (enabled.Has(fault) && drawn)
            {
                _active = _active.With(fault);
            }
        }

        LossPercent = chance.Between(1, 15);
        DuplicatePercent = chance.Between(1, 10);
        ReorderPercent = chance.Between(1, 30);
    }

    public int LossPercent { get; }

    public int DuplicatePercent { get; }

    public int ReorderPercent { get; }

    /// <summary>
    /// True from the start of the calm phase: what is broken is mended, and nothing new breaks.
    /// </summary>
    public bool IsOver { get; set; }

    /// <summary>How many injections there were, those left out included.</summary>
    public int Injections { get; private set; }

    public FaultSet Active => _active;

    public IReadOnlyList<long> Counts => _counts;

    public bool Uses(Fault fault) => _active.Has(fault) && !IsOver;

    /// <summary>Asked once for each injection, right before it.</summary>
    public bool Inject(Fault fault)
    {
        if (!MayInject(fault))
        {
            return false;
        }

        Count(fault);
        return true;
    }

    /// <summary>The same for one that takes place later, if ever, and is counted then.</summary>
    public bool MayInject(Fault fault) => Uses(fault) && !_left.Contains(Injections++);

    public void Count(Fault fault) => _counts[(int)fault]++;
}
