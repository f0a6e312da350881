using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Core;
using Prometheus;

namespace Ledger.Node.Consensus;

/// <summary>
/// What consensus shows of itself. The engine has no meter: this maps its notices and the loop's clocks.
/// </summary>
public sealed class ConsensusMetrics
{
    private static readonly double[] Seconds = Histogram.ExponentialBuckets(0.0001, 2, 18);

    private readonly Counter _viewChanges;
    private readonly Counter _leaderChanges;
    private readonly Counter _evidence;
    private readonly Histogram _phases;
    private readonly Histogram _sync;
    private readonly Histogram _turns;
    private readonly Gauge _view;
    private readonly Gauge _isLeader;
    private readonly SortedDictionary<Height, long> _phaseStarted = [];

    /// <param name="metrics">Where they are kept.</param>
    /// <param name="viewWord">What this mode calls a reign.</param>
    public ConsensusMetrics(MetricFactory metrics, string viewWord)
    {
        _viewChanges = metrics.CreateCounter(
            "ledger_view_changes_total", "Views that this validator asked to leave.", "reason");
        foreach (var reason in Enum.GetValues<LeaveReason>())
        {
            _ = _viewChanges.WithLabels(LabelOf(reason));
        }

        _leaderChanges = metrics.CreateCounter(
            "ledger_leader_changes_total", "Leaders that this validator has followed or been, in Raft.");
        _evidence = metrics.CreateCounter(
            "ledger_evidence_total", "Proofs that a validator signed two different statements.", "kind");
        _phases = metrics.CreateHistogram(
            "ledger_consensus_phase_seconds", "How long a block took to reach a phase from the one before.",
            new HistogramConfiguration { Buckets = Seconds, LabelNames = ["phase"] });
        _sync = metrics.CreateHistogram(
            "ledger_journal_sync_seconds", "Synced writes of the consensus journal.",
            new HistogramConfiguration { Buckets = Seconds });
        _turns = metrics.CreateHistogram(
            "ledger_consensus_turn_seconds", "Turns of the consensus loop, synced write included.",
            new HistogramConfiguration { Buckets = Seconds });
        _view = metrics.CreateGauge(
            $"ledger_consensus_{viewWord}", $"The {viewWord} this validator is in or has asked for.");
        _isLeader = metrics.CreateGauge(
            "ledger_consensus_is_leader",
            $"1 while this validator is the one that proposes in its {viewWord}.");
    }

    public void Synced(TimeSpan took) => _sync.Observe(took.TotalSeconds);

    public void Turned(int inputs, TimeSpan took)
    {
        if (inputs > 0)
        {
            _turns.Observe(took.TotalSeconds);
        }
    }

    public void Stands(ConsensusPosition position)
    {
        _view.Set(position.View.Value);
        _isLeader.Set(position.IsPrimary ? 1 : 0);
    }

    public void Noticed(Notice notice)
    {
        switch (notice)
        {
            case Notice.LeftView left:
                _viewChanges.WithLabels(LabelOf(left.Reason)).Inc();
                break;
            case Notice.LeaderChanged { Leader: not null }:
                _leaderChanges.Inc();
                break;
            case Notice.Equivocation equivocation:
                _evidence.WithLabels(equivocation.Kind).Inc();
                break;
            case Notice.PhaseReached reached:
                Reached(reached);
                break;
            default:
                break;
        }
    }

    /// <summary>Only the consensus loop's thread comes here.</summary>
    private void Reached(Notice.PhaseReached reached)
    {
        var now = Stopwatch.GetTimestamp();
        var height = reached.Subject.Height;
        if (_phaseStarted.TryGetValue(height, out var before))
        {
            _phases.WithLabels(LabelOf(reached.Phase))
                .Observe(Stopwatch.GetElapsedTime(before, now).TotalSeconds);
        }

        if (reached.Phase == Phase.Committed)
        {
            while (_phaseStarted.Count > 0 && _phaseStarted.Keys.First() <= height)
            {
                _phaseStarted.Remove(_phaseStarted.Keys.First());
            }
        }
        else
        {
            _phaseStarted[height] = now;
        }
    }

    private static string LabelOf<T>(T value)
        where T : struct,
        Enum => value.ToString().ToLowerInvariant();
}
