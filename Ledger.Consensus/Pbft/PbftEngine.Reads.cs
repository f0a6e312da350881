using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// Linearizable reads without a block of their own. Each replica that is asked answers with the certificate that its
/// next VIEW-CHANGE could not fall below; the read waits until the highest of a quorum's is final here.
/// L5: a write that anyone was told of has a quorum of COMMITs, which meets the quorum that answers in a correct replica.
/// That one's answer names the block, one above it in its view, or the base of a later view, which extends it; every
/// certificate that outranks this one does so too (FC '22, section 3). A liar can name an older certificate, which does
/// not count, but none that no quorum has prepared.
/// </summary>
public sealed partial class PbftEngine
{
    /// <summary>Reads that wait at once; more are refused.</summary>
    private const int ReadsMax = 4096;

    /// <summary>How often an unanswered question is put before its reads are refused.</summary>
    private const int QuestionsMax = 2;

    private readonly QuorumCertificate?[] _answers;

    /// <summary>Those that share the question under way, which was put after they came.</summary>
    private List<ulong> _reads = [];

    /// <summary>Those that came since: an answer may have left before they did.</summary>
    private List<ulong> _nextReads = [];

    /// <summary>The question is named by the first of its reads, which no other question ever was.</summary>
    private ulong _question;

    private EngineTimer _questionTimer;
    private int _timesAsked;

    /// <summary>
    /// What this replica has committed to in the entered view, or the base if nothing: what older views may have left
    /// above the base was never committed. Between views it is what was reported.
    /// </summary>
    private QuorumCertificate CommittedTo
        => _safety.Entry is { } entry && _safety.Highest.Subject.View < View ? entry.NewView.Base : _safety.Highest;

    private void OnReadRequested(ulong id, Effects effects)
    {
        if (_reads.Count + _nextReads.Count >= ReadsMax)
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
            if (_answers[i] is null)
            {
                effects.Hint(new ReadQuery(_question), Recipients.Just(new(i)));
            }
        }

        _questionTimer = new(TimerKind.Read, View, _questionTimer.Generation + 1);
        effects.SetTimer(_questionTimer, _options.AskEvery);
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
        if (_reads.Count == 0 || answer.Question != _question)
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
        if (Answered < _validators.Quorums.Quorum)
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
            effects.ReadReady(id, highest.Height);
        }

        _reads.Clear();
        StartQuestion(effects);
    }

    private int Answered => _answers.Count(answer => answer is not null);

    private void OnReadTimer(EngineTimer timer, Effects effects)
    {
        if (timer != _questionTimer || _reads.Count == 0)
        {
            return;
        }

        if (_timesAsked < QuestionsMax)
        {
            Ask(effects);
            return;
        }

        var reason = $"only {Answered} of the {_validators.Quorums.Quorum} validators that make a quorum answered, "
            + "this one included";
        foreach (var id in _reads.Concat(_nextReads))
        {
            effects.ReadRefused(id, reason);
        }

        _reads.Clear();
        _nextReads.Clear();
    }
}
