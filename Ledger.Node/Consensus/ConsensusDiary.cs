using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// What consensus lately did and heard, for whoever asks why it does not go on: the phase it is in, whose
/// votes came, what evidence there is, how long the disk took. Metrics count over hours; this remembers the
/// last moments.
/// </summary>
/// <remarks>Written by the loop and by every peer's reader, read by the API: under one small lock.</remarks>
public sealed class ConsensusDiary(int validators, TimeProvider clock)
{
    private const int SyncsMax = 64;
    private const int EvidenceMax = 256;

    private readonly Lock _lock = new();
    private HeardVote?[] _votes = new HeardVote?[validators];
    private readonly SortedDictionary<(ValidatorIndex Validator, string Kind), long> _evidence = [];
    private readonly Queue<TimeSpan> _syncs = new(SyncsMax);
    private (Phase Phase, Height Height)? _phase;
    private long _finalAt = clock.GetTimestamp();

    public void Noticed(Notice notice)
    {
        lock (_lock)
        {
            switch (notice)
            {
                case Notice.PhaseReached reached
                    when _phase is null || reached.Subject.Height >= _phase.Value.Height:
                    _phase = (reached.Phase, reached.Subject.Height);
                    break;
                case Notice.EnteredView:
                    _phase = null;
                    break;
                case Notice.Equivocation equivocation:
                    Count((equivocation.Validator, equivocation.Kind));
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>An epoch begins that has this many seats, which are never fewer than before.</summary>
    public void Seat(int seats)
    {
        lock (_lock)
        {
            Array.Resize(ref _votes, seats);
        }
    }

    /// <summary>A validator's verified vote came, for a block of this height.</summary>
    public void Heard(ValidatorIndex from, Height height)
    {
        lock (_lock)
        {
            var highest = Math.Max(_votes[from.Value]?.Height ?? 0, height.Value);
            _votes[from.Value] = new(highest, clock.GetTimestamp());
        }
    }

    public void Synced(TimeSpan took)
    {
        lock (_lock)
        {
            if (_syncs.Count == SyncsMax)
            {
                _syncs.Dequeue();
            }

            _syncs.Enqueue(took);
        }
    }

    public void Finalised()
    {
        lock (_lock)
        {
            _finalAt = clock.GetTimestamp();
        }
    }

    public DiaryPage Read()
    {
        lock (_lock)
        {
            return new(
                _phase,
                clock.GetElapsedTime(_finalAt),
                [
                    .. _votes.Select(vote => vote is { } heard
                        ? new VoteNote(new(heard.Height), clock.GetElapsedTime(heard.At))
                        : null),
                ],
                [.. _evidence.Select(
                    pair => new EvidenceNote(pair.Key.Validator, pair.Key.Kind, pair.Value))],
                _syncs.Count == 0 ? TimeSpan.Zero : _syncs.Aggregate((a, b) => a + b) / _syncs.Count,
                _syncs.Count == 0 ? TimeSpan.Zero : _syncs.Max());
        }
    }

    /// <summary>Kinds are words of this program and validators are few, but a bound costs nothing.</summary>
    private void Count((ValidatorIndex Validator, string Kind) of)
    {
        if (_evidence.Count < EvidenceMax || _evidence.ContainsKey(of))
        {
            _evidence[of] = _evidence.GetValueOrDefault(of) + 1;
        }
    }

    private readonly record struct HeardVote(ulong Height, long At);
}

/// <param name="Phase">The last phase that this replica promised in its view, and for which height.</param>
/// <param name="SinceFinal">Since a block became final here, or since the start.</param>
/// <param name="Votes">By validator; null where none came since the start.</param>
/// <param name="Evidence">Of those that signed two different statements.</param>
/// <param name="SyncMean">Of the last synced writes of the journal.</param>
/// <param name="SyncMax">The longest of them.</param>
public sealed record DiaryPage(
    (Phase Phase, Height Height)? Phase,
    TimeSpan SinceFinal,
    IReadOnlyList<VoteNote?> Votes,
    IReadOnlyList<EvidenceNote> Evidence,
    TimeSpan SyncMean,
    TimeSpan SyncMax);

/// <param name="Height">The highest block that it voted for.</param>
/// <param name="Age">Since its last vote came.</param>
public sealed record VoteNote(Height Height, TimeSpan Age);

/// <param name="Kind">What it signed twice.</param>
/// <param name="Count">How often.</param>
public sealed record EvidenceNote(ValidatorIndex Validator, string Kind, long Count);
