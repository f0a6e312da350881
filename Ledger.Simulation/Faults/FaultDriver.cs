using Ledger.Consensus;

namespace Ledger.Simulation;

/// <summary>Breaks hosts and links while the faults last, and mends what it broke when they stop.</summary>
internal sealed class FaultDriver
{
    private static readonly Fault[] Struck =
    [
        Fault.Partition, Fault.OneWay, Fault.Slow, Fault.Crash, Fault.Torn, Fault.Unsynced, Fault.BadChecksum,
        Fault.DiskFull, Fault.Transfer, Fault.Pause,
    ];

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(20);

    private readonly Simulator _simulator;
    private readonly Chance _chance;
    private readonly TimeSpan _pace;
    private readonly TimeSpan _lastsMax;
    private readonly List<Action> _mend = [];
    private readonly List<Fault> _active;

    public FaultDriver(Simulator simulator, Chance chance)
    {
        _simulator = simulator;
        _chance = chance;
        _pace = TimeSpan.FromMilliseconds(chance.Pick([60, 250, 1000, 4000]));
        _lastsMax = TimeSpan.FromMilliseconds(chance.Pick([400, 1000, 3000, 10_000]));
        _active = [.. Struck.Where(
            fault => simulator.Plan.Uses(fault) && (fault != Fault.Transfer || simulator.Options.IsRaft))];
    }

    public void Begin()
    {
        foreach (var host in _simulator.Hosts)
        {
            var offset = _chance.Between(-2000, 2000);
            var rate = _chance.Between(-Host.RateErrorMax, Host.RateErrorMax);
            if (_simulator.Plan.Inject(Fault.Drift))
            {
                host.ClockOffset = TimeSpan.FromMilliseconds(offset);
                host.RateError = rate;
            }
        }

        if (_active.Count > 0)
        {
            StrikeLater();
        }
    }

    /// <summary>Links heal, disks have room, and every host that may start does.</summary>
    public void MendAll()
    {
        foreach (var mend in _mend)
        {
            mend();
        }

        _mend.Clear();
        foreach (var host in _simulator.Hosts)
        {
            host.Death.Cancel();
            host.Start();
        }
    }

    private void StrikeLater() => _simulator.Agenda.After(_chance.Between(_pace / 4, _pace * 2), () =>
    {
        if (!_simulator.Plan.IsOver)
        {
            Strike(_chance.Pick(_active), _chance.Fork());
            StrikeLater();
        }
    });

    /// <param name="fault">What strikes.</param>
    /// <param name="chance">Of this strike alone, so that leaving it out moves no other.</param>
    private void Strike(Fault fault, Chance chance)
    {
        // Who leads is struck more often than its share: most can go wrong there.
        var host = chance.OneIn(3) && LeaderAmong(chance) is { } leader
            ? leader : chance.Pick(_simulator.Hosts);
        if (fault == Fault.BadChecksum
            && !(host.IsHonest && _simulator.MayLoseOne && host.Journal.Frames > 0))
        {
            return;
        }

        if (!_simulator.Plan.MayInject(fault))
        {
            return;
        }

        if (fault is not (Fault.Crash or Fault.Torn or Fault.Unsynced or Fault.BadChecksum))
        {
            _simulator.Plan.Count(fault);
        }

        switch (fault)
        {
            case Fault.Partition or Fault.OneWay:
                Part(fault, chance);
                break;
            case Fault.Slow:
                Tell(host, "becomes slow");
                host.Slowness = chance.Pick([5, 30, 200]);
                MendLater(chance, () => host.Slowness = 1);
                break;
            case Fault.Crash:
                Crash(host, chance);
                break;
            case Fault.Torn:
                Dies(fault, host, DeathPoint.InWrite, chance.Below(4));
                break;
            case Fault.Unsynced:
                Dies(fault, host, DeathPoint.BeforeWrite, chance.Below(4));
                break;
            case Fault.Transfer:
                HandOver(LeaderAmong(chance) ?? host, chance);
                break;
            case Fault.Pause:
                Tell(host, "stands still");
                host.Pause(chance.Between(PauseMin, _lastsMax));
                break;
            case Fault.BadChecksum:
                Damage(host, chance);
                break;
            case Fault.DiskFull:
                Tell(host, "has a full disk");
                host.Journal.IsFull = host.Ledger.IsFull = true;
                MendLater(chance, () => host.Journal.IsFull = host.Ledger.IsFull = false);
                break;
            default:
                break;
        }
    }

    private void Crash(Host host, Chance chance)
    {
        var point = chance.Pick<DeathPoint>(
        [
            DeathPoint.None, DeathPoint.AfterWrite, DeathPoint.BetweenWords, DeathPoint.BeforeFinal,
            DeathPoint.AfterFinal,
        ]);
        if (point == DeathPoint.None)
        {
            _simulator.Plan.Count(Fault.Crash);
            host.Die("is killed");
        }
        else
        {
            Dies(Fault.Crash, host, point, chance.Below(6));
        }
    }

    private void Dies(Fault fault, Host host, DeathPoint point, int passes)
        => host.Death.Plan(point, passes, () => _simulator.Plan.Count(fault));

    /// <summary>It will not come back, so it counts as one of the f that may fail.</summary>
    private void Damage(Host host, Chance chance)
    {
        if (host.Journal.Damage(chance))
        {
            _simulator.CountLoss();
            _simulator.Plan.Count(Fault.BadChecksum);
            Tell(host, "has a damaged journal");
            host.Die("is killed, and a record of its journal is damaged");
        }
    }

    private void Part(Fault fault, Chance chance)
    {
        List<int> ids = [.. _simulator.Hosts.Select(host => host.Id)];
        if (ids.Count < 2)
        {
            return;
        }

        chance.Shuffle(ids);
        var cut = chance.Between(1, ids.Count - 1);

        if (chance.OneIn(2) && LeaderAmong(chance) is { } leader)
        {
            ids.Remove(leader.Id);
            ids.Insert(0, leader.Id);
            cut = 1;
        }

        List<int> here = ids[..cut];
        List<int> there = ids[cut..];
        Tell(null, $"{string.Join(' ', here.Select(id => $"R{id}"))} "
            + (fault == Fault.OneWay ? "are not heard" : "are cut off"));
        Cut(1);
        MendLater(chance, () =>
        {
            Cut(-1);
            _simulator.Reconnect(here, there);
        });

        void Cut(int change)
        {
            _simulator.Network.Cut(here, there, change);
            if (fault == Fault.Partition)
            {
                _simulator.Network.Cut(there, here, change);
            }
        }
    }

    /// <summary>
    /// Raft: an operator wishes it, of one that may lead no longer, and for one that may not be able to.
    /// </summary>
    private void HandOver(Host host, Chance chance)
    {
        Tell(host, "shall hand over");
        host.Life?.Post(
            new Input.TransferRequested(chance.OneIn(2) ? null : chance.Pick(_simulator.Hosts).Self));
    }

    /// <summary>One that believes to lead, be it true or not.</summary>
    private Host? LeaderAmong(Chance chance)
    {
        var leaders = _simulator.Hosts.Where(host => host.Life?.Engine.IsPrimary == true).ToList();
        return leaders.Count > 0 ? chance.Pick(leaders) : null;
    }

    private void MendLater(Chance chance, Action mend)
    {
        var isMended = false;
        _mend.Add(Once);
        _simulator.Agenda.After(
            chance.Between(TimeSpan.FromMilliseconds(50), _lastsMax), Once);

        void Once()
        {
            if (!isMended)
            {
                isMended = true;
                mend();
            }
        }
    }

    private void Tell(Host? host, string text)
    {
        _simulator.Trace.Add(_simulator.Now, TraceKind.Fault, host?.Id ?? -1, -1);
        if (_simulator.Trace.IsHeard)
        {
            _simulator.Trace.Tell(_simulator.Now, TraceKind.Fault, host?.Id ?? -1, -1, text);
        }
    }
}
