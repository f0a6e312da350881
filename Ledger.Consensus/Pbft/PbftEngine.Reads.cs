using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// Linearizable reads without a block of their own. Each replica that is asked answers with the certificate
/// that its next VIEW-CHANGE could not fall below; the read is held until the highest of a quorum's is final
/// here. L5: a write that anyone was told of has a quorum of COMMITs, which meets the quorum that answers in
/// a correct replica. That one's answer names the block, one above it in its view, or the base of a later
/// view, which extends it; every certificate that outranks this one does so too (FC '22, section 3). A liar
/// can name an older certificate, which does not count, but none that no quorum has prepared. Across a change
/// of validators: what the next set has told anyone stands on the block that made it, which a quorum of this
/// set has committed to, so the answers name that block. Once it is final here, the read is asked again of
/// the next set.
/// </summary>
public sealed partial class PbftEngine
{
    /// <summary>Reads that wait at once; more are refused.</summary>
    private const int ReadsMax = 4096;

    /// <summary>How often an unanswered question is put before its reads are refused.</summary>
    private const int QuestionsMax = 2;

    private QuorumCertificate?[] _answers;

    /// <summary>Those that share the question under way, which was put after they came.</summary>
    private List<ulong> _reads = [];

    /// <summary>Those that came since: an answer may have left before they did.</summary>
    private List<ulong> _nextReads = [];

    /// <summary>Those that are answered, and wait until that height is final here.</summary>
    private readonly List<(ulong Id, Height Height)> _held = [];

    /// <summary>The question is named by the first of its reads, which no other question ever was.</summary>
    private ulong _question;

    private EngineTimer _questionTimer;
    private int _timesAsked;

    /// <summary>Set while any read is held: what a view change has given up never becomes final.</summary>
    private EngineTimer? _heldTimer;

    private ulong _readTimers;

    /// <summary>
    /// What this replica has committed to in the entered view, or the base if nothing: what older views may
    /// have left above the base was never committed. Between views it is what was reported.
    /// </summary>
    private QuorumCertificate CommittedTo
        => _safety.Entry is { } entry && _safety.Highest.Subject.View < View
        ? entry.NewView.Base : _safety.Highest;

    private void OnReadRequested(ulong id, Effects effects)
    {
        if (!IsMember)
        {
            effects.ReadRefused(id, "this node is no validator: ask one of them");
            return;
        }

        if (_reads.Count + _nextReads.Count + _held.Count >= ReadsMax)
        {
            effects.ReadRefused(id, "too many reads wait");
            return;
        }

        _nextReads.Add(id);
        if (_reads.Count == 0)
        {
            StartQuestion(effects);
        }
    }

    private void StartQuestion(Effects effects)
    {
        (_reads, _nextReads) = (_nextReads, _reads);
        if (_reads.Count == 0)
        {
            return;
        }

        _question = _reads[0];
        _timesAsked = 0;
        Array.Clear(_answers);
        _answers[_self.Value] = CommittedTo;
        Ask(effects);
        AnswerReads(effects);
    }

    private void Ask(Effects effects)
    {
        _timesAsked++;
        for (var i = 0; i < _answers.Length; i++)
        {
            if (_answers[i] is null && Validators.Contains(new(i)))
            {
                effects.Hint(new ReadQuery(_question), Recipients.Just(new(i)));
            }
        }

        _questionTimer = SetTimer(TimerKind.Read, _options.AskEvery, effects);
    }

    private void OnReadQuery(ValidatorIndex from, ReadQuery query, Effects effects)
    {
        if (from != _self)
        {
            effects.Hint(new ReadAnswer(query.Question, CommittedTo, _final.Height), Recipients.Just(from));
        }
    }

    private void OnReadAnswer(ValidatorIndex from, ReadAnswer answer, Effects effects)
    {
        if (_reads.Count == 0 || answer.Question != _question || !Validators.Contains(from))
        {
            return;
        }

        if (answer.Committed > _final.Height)
        {
            effects.CatchUp(answer.Committed, from);
        }

        _answers[from.Value] ??= answer.Highest;
        AnswerReads(effects);
    }

    private void AnswerReads(Effects effects)
    {
        if (Answered < Validators.Quorums.Quorum)
        {
            return;
        }

        var highest = CommittedTo.Subject;
        foreach (var answer in _answers)
        {
            if (answer is not null && answer.Subject.Outranks(highest))
            {
                highest = answer.Subject;
            }
        }

        foreach (var id in _reads)
        {
            _held.Add((id, highest.Height));
        }

        _reads.Clear();
        ReleaseReads(effects);
        StartQuestion(effects);
    }

    /// <summary>
    /// Serves what waited for a height that is final by now, unless that height ended the epoch.
    /// </summary>
    private void ReleaseReads(Effects effects)
    {
        _held.RemoveAll(read =>
        {
            var isServed = read.Height < _final.Height || (read.Height == _final.Height && !_final.IsClosed);
            if (isServed)
            {
                effects.ReadReady(read.Id, read.Height);
            }

            return isServed;
        });
        if (_held.Count == 0)
        {
            _heldTimer = null;
        }
        else
        {
            _heldTimer ??= SetTimer(TimerKind.HeldRead, QuestionsMax * _options.AskEvery, effects);
        }
    }

    /// <summary>
    /// Another set answers from now on: what the old one was asked is not asked again under the same name.
    /// </summary>
    private void OnReadersChanged(Effects effects)
    {
        _answers = new QuorumCertificate?[_epoch.Validators.Seats];
        var asked = _held.Select(read => read.Id).Concat(_reads);
        foreach (var id in IsMember ? asked : asked.Concat(_nextReads))
        {
            effects.ReadRefused(id, "the validators have just changed: ask again");
        }

        _held.Clear();
        _heldTimer = null;
        _reads.Clear();
        if (!IsMember)
        {
            _nextReads.Clear();
        }

        StartQuestion(effects);
    }

    private int Answered => _answers.Count(answer => answer is not null);

    private EngineTimer SetTimer(TimerKind kind, TimeSpan after, Effects effects)
    {
        EngineTimer timer = new(kind, View, ++_readTimers);
        effects.SetTimer(timer, after);
        return timer;
    }

    private void OnReadTimer(EngineTimer timer, Effects effects)
    {
        if (timer == _heldTimer)
        {
            foreach (var (id, height) in _held)
            {
                effects.ReadRefused(id, $"height {height} is not final here yet");
            }

            _held.Clear();
            _heldTimer = null;
            return;
        }

        if (timer != _questionTimer || _reads.Count == 0)
        {
            return;
        }

        if (_timesAsked < QuestionsMax)
        {
            Ask(effects);
            return;
        }

        var reason =
            $"only {Answered} of the {Validators.Quorums.Quorum} validators that make a quorum answered, "
            + "this one included";
        foreach (var id in _reads.Concat(_nextReads))
        {
            effects.ReadRefused(id, reason);
        }

        _reads.Clear();
        _nextReads.Clear();
    }
}
