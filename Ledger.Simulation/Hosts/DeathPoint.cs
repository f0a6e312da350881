namespace Ledger.Simulation;

/// <summary>
/// Where a process dies: every point at which what is on the disk and what was said can differ.
/// </summary>
internal enum DeathPoint
{
    None,

    /// <summary>In a write of the journal, with nothing of it on the disk.</summary>
    BeforeWrite,

    /// <summary>In a write of the journal, with a part of it on the disk.</summary>
    InWrite,

    /// <summary>The write is durable, and nothing that rests on it was said.</summary>
    AfterWrite,

    /// <summary>Some of a turn's words have left.</summary>
    BetweenWords,

    /// <summary>Blocks are decided, and nothing of them is on the disk.</summary>
    BeforeFinal,

    /// <summary>Blocks are final, and nobody was told.</summary>
    AfterFinal,
}

/// <summary>The next death of a process, if one is planned.</summary>
internal sealed class DeathPlan
{
    private DeathPoint _point;
    private int _passes;
    private Action? _dies;

    /// <summary>Dies at this point, after passing it a few times.</summary>
    /// <param name="point">Where.</param>
    /// <param name="passes">After how many times.</param>
    /// <param name="dies">Told when it does.</param>
    public void Plan(DeathPoint point, int passes, Action dies)
        => (_point, _passes, _dies) = (point, passes, dies);

    public void Cancel() => _point = DeathPoint.None;

    /// <summary>True when it is here and now.</summary>
    public bool IsDue(DeathPoint point)
    {
        if (_point != point || _passes-- > 0)
        {
            return false;
        }

        _point = DeathPoint.None;
        _dies!();
        return true;
    }

    /// <exception cref="SimulatedDeathException">When it is here and now.</exception>
    public void Pass(DeathPoint point)
    {
        if (IsDue(point))
        {
            throw new SimulatedDeathException();
        }
    }
}

/// <summary>The disk has no room, so the process must end, and say nothing that rests on the write.</summary>
internal sealed class DiskFullException : Exception;

/// <summary>A journal record is not what was written: the process must not start.</summary>
internal sealed class DamagedJournalException(int frame)
    : Exception($"frame {frame} does not match its checksum");
