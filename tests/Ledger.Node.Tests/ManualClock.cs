namespace Ledger.Node.Tests;

/// <summary>A clock that stands until a test moves it; its timers fire on the thread that does.</summary>
internal sealed class ManualClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return Start + _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _now.Ticks;
        }
    }

    public override ITimer CreateTimer(
        TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ManualTimer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Advance(double seconds)
    {
        List<Action> due = [];
        lock (_lock)
        {
            _now += TimeSpan.FromSeconds(seconds);
            foreach (var timer in _timers)
            {
                if (timer.IsDue(_now))
                {
                    due.Add(timer.Callback);
                }
            }
        }

        due.ForEach(callback => callback());
    }

    private sealed class ManualTimer(ManualClock clock, Action callback) : ITimer
    {
        private TimeSpan? _due;
        private TimeSpan _period;

        public Action Callback => callback;

        /// <summary>
        /// However many periods have passed, a timer fires once, as a real one does that was held up.
        /// </summary>
        public bool IsDue(TimeSpan now)
        {
            if (_due is not { } due || now < due)
            {
                return false;
            }

            _due = _period > TimeSpan.Zero ? now + _period : null;
            return true;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime;
                _period = period;
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
