namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// One way from one validator to another: as slow, lossy or cut as the test makes it, for all connections.
/// </summary>
internal sealed class Line(int seed)
{
    /// <summary>
    /// What TCP makes of a lost packet: nothing is missing, but it and all behind it come later.
    /// </summary>
    private static readonly TimeSpan RetransmittedAfter = TimeSpan.FromMilliseconds(200);

    private readonly Random _chance = new(seed);
    private readonly Lock _lock = new();
    private TaskCompletionSource? _healed;
    private TimeSpan _delay;
    private int _lossPercent;
    private volatile bool _isMute;

    /// <summary>
    /// Frames of consensus do not arrive, all others do: a validator that lives, listens and never votes.
    /// </summary>
    public bool IsMute => _isMute;

    public void Mute() => _isMute = true;

    /// <summary>Waits while the line is cut.</summary>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _healed?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
        }
    }

    /// <summary>How long the next bytes take.</summary>
    public TimeSpan NextDelay()
    {
        lock (_lock)
        {
            return _chance.Next(100) < _lossPercent ? _delay + RetransmittedAfter : _delay;
        }
    }

    /// <summary>What is under way stands still, and arrives late when the line has healed.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _healed ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Slow(TimeSpan delay)
    {
        lock (_lock)
        {
            _delay = delay;
        }
    }

    public void Lose(int percent)
    {
        lock (_lock)
        {
            _lossPercent = percent;
        }
    }

    public void Heal()
    {
        lock (_lock)
        {
            _healed?.TrySetResult();
            (_healed, _delay, _lossPercent) = (null, TimeSpan.Zero, 0);
            _isMute = false;
        }
    }
}
