using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The leader's log becomes everyone's (Raft §5.3), as a follower sees it: what fits its log is stored and
/// acknowledged, and what does not is answered with where the logs part.
/// </summary>
public sealed partial class RaftEngine
{
    /// <summary>This replica's last acknowledgement, to be said again when it was lost.</summary>
    private Verified? _said;

    private void OnAppendEntries(ValidatorIndex from, AppendEntries append, Effects effects)
    {
        if (!Hears(from, append.Term, effects))
        {
            // A leader of the past learns so, and no longer waits for an answer.
            RefuseAppend(from, append, effects);
            return;
        }

        if (!_safety.Matches(append.PreviousIndex, append.PreviousTerm))
        {
            RefuseAppend(from, append, effects);
            return;
        }

        Store(from, append, effects);
    }

    private void Store(ValidatorIndex leader, AppendEntries append, Effects effects)
    {
        var last = append.LastIndex;
        var isAcknowledged = false;
        foreach (var entry in append.Entries)
        {
            if (entry.Index <= Log.Start.Index || Log.TermAt(entry.Index) == entry.Term)
            {
                continue;
            }

            if (Log.Holds(entry.Index))
            {
                if (_safety.MayTruncate(entry.Index) is not { } truncated)
                {
                    effects.Note(new Notice.LogRefused(leader, $"#{entry.Index} is committed and differs"));
                    return;
                }

                effects.Persist(truncated);
            }

            if (entry is BlockEntry block && Contradicts(block.Id))
            {
                effects.Note(new Notice.LogRefused(leader, $"h{block.Id.Height} is final and differs"));
                return;
            }

            if (!FitsHere(entry) || _safety.MayStore(entry) is not { } stored)
            {
                effects.Note(new Notice.LogRefused(leader, $"#{entry.Index} does not follow the log"));
                return;
            }

            NoticeMembers(entry, effects);
            isAcknowledged = entry.Term == Term || entry.Index == last;
            if (isAcknowledged)
            {
                Acknowledge(stored, entry.Index, leader, effects);
            }
            else
            {
                effects.Persist(stored);
            }
        }

        if (!isAcknowledged)
        {
            AcknowledgeAgain(last, leader, effects);
        }
    }

    private bool FitsHere(LogEntry entry)
        => entry is not BlockEntry block || (block.Body is null) == _options.IsWitness;

    /// <summary>
    /// R5, where the log no longer tells: a network may have been restored to less than is final here.
    /// </summary>
    private bool Contradicts(BlockId block)
    {
        if (block.Height >= _decided.Height)
        {
            return block.Height == _decided.Height && block.Hash != _decided.Hash;
        }

        var back = _head.Head.Value - block.Height.Value;
        return block.Height <= _head.Head && back < (ulong)_head.Recent.Count
            && _head.Recent[^(int)(back + 1)] != block.Hash;
    }

    private void Acknowledge(JournalRecord record, LogIndex index, ValidatorIndex leader, Effects effects)
        => effects.Promise(
            record, new Appended(Term, index, _safety.MaySign(index)), Recipients.Just(leader));

    /// <summary>The leader asks about what is here already: its answer was lost.</summary>
    private void AcknowledgeAgain(LogIndex index, ValidatorIndex leader, Effects effects)
    {
        if (index < Log.Start.Index)
        {
            index = Log.Start.Index;
        }

        if (_said?.Message is Appended said && said.Term == Term && said.Index == index)
        {
            effects.Repeat(_said, Recipients.Just(leader));
            return;
        }

        // It may have been written in this very turn; the record it rests on, written again, makes sure.
        Acknowledge(new TermEntered(Term, _safety.VotedFor), index, leader, effects);
    }

    private void RefuseAppend(ValidatorIndex from, AppendEntries append, Effects effects)
    {
        if (from == _self)
        {
            return;
        }

        var conflict = Log.TermAt(append.PreviousIndex);
        var index = conflict is null ? Log.LastIndex.Next : Log.FirstOfTermAt(append.PreviousIndex);
        effects.Hint(new AppendRefused(Term, append.PreviousIndex, conflict, index), Recipients.Just(from));
    }
}
