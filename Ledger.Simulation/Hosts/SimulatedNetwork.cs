using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// Carries parcels between hosts: late, twice, out of order, or never, as the fault plan has it. In the calm
/// phase it is a network that only takes its time.
/// </summary>
internal sealed class SimulatedNetwork
{
    private static readonly TimeSpan LanMin = TimeSpan.FromMicroseconds(80);
    private static readonly TimeSpan LanMax = TimeSpan.FromMicroseconds(900);

    private readonly Simulator _simulator;
    private readonly Chance _chance;
    private readonly int _hosts;
    private readonly int[] _continents;
    private readonly int[] _cuts;

    /// <summary>
    /// How late a message may come at most: at its longest long after a term or a view is over.
    /// </summary>
    private readonly TimeSpan _overtakenMax;

    public SimulatedNetwork(Simulator simulator, int hosts, Chance chance)
    {
        _simulator = simulator;
        _chance = chance;
        _hosts = hosts;
        _cuts = new int[hosts * hosts];
        _continents = new int[hosts];
        _overtakenMax = TimeSpan.FromMilliseconds(chance.Pick([50, 300, 2000]));
        for (var i = 0; i < hosts; i++)
        {
            var continent = chance.Below(3);
            _continents[i] = simulator.Plan.Inject(Fault.Delay) ? continent : 0;
        }
    }

    public int InFlight { get; private set; }

    public int InFlightMax { get; private set; }

    /// <summary>When a parcel was last sent, so that a silent network can be told.</summary>
    public TimeSpan LastSent { get; private set; }

    public bool IsCut(int from, int to) => _cuts[(from * _hosts) + to] > 0;

    /// <summary>Nobody of these hears any of those until it heals.</summary>
    /// <param name="from">Who is not heard.</param>
    /// <param name="to">By whom.</param>
    /// <param name="change">1 to cut, -1 to heal.</param>
    public void Cut(IReadOnlyList<int> from, IReadOnlyList<int> to, int change)
    {
        foreach (var a in from)
        {
            foreach (var b in to)
            {
                _cuts[(a * _hosts) + b] += change;
            }
        }
    }

    public void Send(Host from, Host to, Parcel parcel, TimeSpan departs)
    {
        var delay = Delay(from.Id, to.Id);
        var roll = _chance.Next();
        LastSent = _simulator.Now;
        if (IsCut(from.Id, to.Id)
            || (Roll(roll, 0) < _simulator.Plan.LossPercent && _simulator.Plan.Inject(Fault.Loss)))
        {
            _simulator.Trace.Add(_simulator.Now, TraceKind.Lost, to.Id, from.Id);
            return;
        }

        if (Roll(roll, 1) < _simulator.Plan.ReorderPercent && _simulator.Plan.Inject(Fault.Reorder))
        {
            delay += _chance.Between(TimeSpan.Zero, _overtakenMax);
        }

        Carry(from, to, parcel, departs + delay);
        if (Roll(roll, 2) < _simulator.Plan.DuplicatePercent && _simulator.Plan.Inject(Fault.Duplicate))
        {
            Carry(from, to, parcel, departs + delay + _chance.Between(TimeSpan.Zero, _overtakenMax));
        }
    }

    private void Carry(Host from, Host to, Parcel parcel, TimeSpan arrives)
    {
        InFlight++;
        InFlightMax = Math.Max(InFlightMax, InFlight);
        _simulator.Agenda.At(arrives, () =>
        {
            InFlight--;
            to.Receive(from, parcel);
        });
    }

    private TimeSpan Delay(int from, int to)
    {
        var jitter = _chance.Between(LanMin, LanMax);
        var apart = Math.Abs(_continents[from] - _continents[to]);
        return apart == 0 ? jitter : (jitter * 8) + TimeSpan.FromMilliseconds(apart == 1 ? 45 : 90);
    }

    private static int Roll(ulong roll, int which) => (int)((roll >> (16 * which)) & 0xffff) * 100 >> 16;
}
