using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// When a view has had its chance. L1: a view's timer runs only while work waits. L2: it doubles per failed
/// view up to a cap and returns to its base when a block commits. L3: after asking for a view it starts when
/// a quorum has asked for that view or a higher one, so that replicas meet (OSDI '99 §4.5.2).
/// </summary>
internal sealed class Pacemaker(PbftOptions options)
{
    private ulong _generation;
    private int _failedViews;
    private EngineTimer? _viewTimer;
    private EngineTimer? _repeatTimer;

    public TimeSpan Timeout
    {
        get
        {
            var doubled = options.ViewTimeout.Ticks * (1L << Math.Min(_failedViews, 20));
            return new(Math.Min(doubled, options.ViewTimeoutMax.Ticks));
        }
    }

    public bool ViewTimerRuns => _viewTimer is not null;

    public void OnCommit()
    {
        _failedViews = 0;
        _viewTimer = null;
    }

    public void OnLeave()
    {
        _failedViews++;
        _viewTimer = null;
    }

    public void OnEnter() => _viewTimer = null;

    public void StopView() => _viewTimer = null;

    public void StartView(View view, Effects effects)
    {
        if (_viewTimer is null)
        {
            _viewTimer = new(TimerKind.View, view, ++_generation);
            effects.SetTimer(_viewTimer.Value, Timeout);
        }
    }

    public void StartRepeat(View view, Effects effects)
    {
        if (_repeatTimer is null)
        {
            _repeatTimer = new(TimerKind.Repeat, view, ++_generation);
            effects.SetTimer(_repeatTimer.Value, options.RepeatEvery);
        }
    }

    /// <summary>True when this timer is the one that runs; a stale one is not.</summary>
    public bool Fires(EngineTimer timer)
    {
        if (timer == _viewTimer)
        {
            _viewTimer = null;
            return true;
        }

        if (timer == _repeatTimer)
        {
            _repeatTimer = null;
            return true;
        }

        return false;
    }
}
