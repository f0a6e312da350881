using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// Agreement on one block per height in a view: PRE-PREPARE, PREPARE, COMMIT (OSDI '99 §4.2).
/// </summary>
public sealed partial class PbftEngine
{
    private void OnPrePrepare(Verified message, PrePrepare proposal, Effects effects)
    {
        if (!InWindow(proposal.Subject) || proposal.View != View)
        {
            return;
        }

        if (message.From != Validators.PrimaryOf(proposal.View))
        {
            return;
        }

        var slot = _slots.At(View, proposal.Block.Height);
        var tally = slot.Prepares.Add(message, proposal.Subject);
        if (tally.Earlier is { } earlier)
        {
            OnPrimaryEquivocated("proposal", earlier, message, effects);
            return;
        }

        if (slot.Proposal is null)
        {
            slot.Proposal = proposal.Block;
            _pool.Add(proposal.Block);
        }

        OnPrepared(tally, effects);
        TryDecide(effects);
        Advance(effects);
    }

    private void OnPrepare(Verified message, Subject subject, Effects effects)
    {
        NoticeAhead(subject);
        if (!InWindow(subject))
        {
            return;
        }

        var tally = _slots.At(subject.View, subject.Height).Prepares.Add(message, subject);
        if (tally.Earlier is { } earlier)
        {
            if (message.From == Validators.PrimaryOf(subject.View))
            {
                OnPrimaryEquivocated("proposal", earlier, message, effects);
                return;
            }

            effects.Note(new Notice.Equivocation("prepare", message.From, earlier, message));
        }

        OnPrepared(tally, effects);
    }

    /// <summary>
    /// The certificate becomes durable, and then, unless we have left its view, is committed to.
    /// </summary>
    private void OnPrepared(Tally tally, Effects effects)
    {
        if (tally.Certificate is not { } certificate)
        {
            return;
        }

        if (_safety.MayCommit(certificate) is { } record)
        {
            effects.Promise(record, new Commit(certificate.Subject), Recipients.All);
            effects.Note(new Notice.PhaseReached(Phase.Prepared, certificate.Subject));
        }
        else if (_safety.MayLearn(certificate) is { } learned)
        {
            effects.Persist(learned);
        }
    }

    private void OnCommit(Verified message, Subject subject, Effects effects)
    {
        NoticeAhead(subject);
        if (!InWindow(subject))
        {
            return;
        }

        var commits = _slots.At(subject.View, subject.Height).Commits;
        var tally = commits.Add(message, subject);
        if (_prepared?.Outranks(subject) != true && commits.Count(subject) >= Validators.Quorums.OneCorrect)
        {
            _prepared = subject;
        }

        if (tally.Earlier is { } earlier)
        {
            effects.Note(new Notice.Equivocation("commit", message.From, earlier, message));
        }

        if (tally.Certificate is { } certificate)
        {
            OnCommitCertificate(certificate, effects);
        }
    }

    /// <summary>
    /// Two different signed proposals of one primary for one height prove that it lies: no reason to wait.
    /// </summary>
    private void OnPrimaryEquivocated(string kind, Verified first, Verified second, Effects effects)
    {
        effects.Note(new Notice.Equivocation(kind, second.From, first, second));
        if (HasEntered && second.From == Validators.PrimaryOf(View) && ViewOf(second.Message) == View)
        {
            Leave(View.Next, LeaveReason.Equivocation, effects);
        }
    }

    /// <summary>The view that a message is of, or asks for; null when it is of none.</summary>
    private static View? ViewOf(Message message) => message switch
    {
        PrePrepare proposal => proposal.View,
        Prepare prepare => prepare.Subject.View,
        Commit commit => commit.Subject.View,
        ViewChange viewChange => viewChange.Target,
        NewView newView => newView.View,
        _ => null,
    };

    private void OnProposed(ProposalRequest request, Block block, Effects effects)
    {
        if (request != _requested)
        {
            return;
        }

        _requested = null;
        if (_safety.MayPrepare(View, block) is { } record)
        {
            _pool.Add(block, Verdict.Valid);
            CountTowardsCompaction(block);
            effects.Promise(record, new PrePrepare(View, block), Recipients.All);
            effects.Note(new Notice.PhaseReached(Phase.Proposed, record.Subject));
        }

        RequestProposal(effects);
    }

    private void OnJudged(Digest block, string? fault, Effects effects)
    {
        _pool.Judge(block, fault is null ? Verdict.Valid : Verdict.Invalid);
        if (fault is not null && _pool.Find(block) is { } refused)
        {
            effects.Note(new Notice.InvalidProposal(new(View, refused.Height, block), fault));
        }

        Advance(effects);
        RequestProposal(effects);
    }

    private void OnFetched(Block block, Effects effects)
    {
        if (!_pool.Awaits(block.Hash) || block.Height <= _final.Height)
        {
            return;
        }

        _pool.Add(block);
        TryDecide(effects);
        Advance(effects);
        RequestProposal(effects);
    }

    /// <summary>Votes for every proposal of this view that may be voted for by now, lowest first.</summary>
    private void Advance(Effects effects)
    {
        if (!HasEntered)
        {
            return;
        }

        EnsureValidated(_safety.Base.Block, _safety.Base.Height, effects);
        for (var height = _final.Height.Next; InWindow(height); height = height.Next)
        {
            if (_slots.Find(View, height)?.Proposal is { } proposal && _safety.AcceptedAt(height) is null)
            {
                TryAccept(proposal, effects);
            }
        }
    }

    private void TryAccept(Block block, Effects effects)
    {
        var below = block.Height.Previous;
        var parentProposed = _slots.Find(View, below)?.Proposal?.Hash == block.Parent;
        if (!_safety.MayPrepareAgain(block)
            && (block.Height <= _safety.Base.Height
                || !(parentProposed || _safety.MayBeParent(block.Parent, block.Height))))
        {
            return;
        }

        EnsureValidated(block.Hash, block.Height, effects);
        if (_pool.VerdictOf(block.Hash) == Verdict.Valid && _safety.MayPrepare(View, block) is { } record)
        {
            CountTowardsCompaction(block);
            effects.Promise(record, new Prepare(record.Subject), Recipients.All);
            effects.Note(new Notice.PhaseReached(Phase.Proposed, record.Subject));
        }
    }

    /// <summary>
    /// Asks the executor for a block and whatever it stands on, down to the final head, each once, parents
    /// first; what is not here is fetched. A quorum vouches for the base, and so for all below it.
    /// </summary>
    /// <returns>True when the executor has been asked for all of it.</returns>
    private bool EnsureValidated(Digest hash, Height height, Effects effects, bool isVouched = false)
    {
        if (height <= _final.Height)
        {
            return _final.Holds(height, hash);
        }

        if (_pool.Find(hash) is not { } block)
        {
            Fetch(hash, height, effects);
            return false;
        }

        isVouched |= hash == _safety.Base.Block;
        if (isVouched)
        {
            _pool.Vouch(hash);
        }

        if (_pool.VerdictOf(hash) != Verdict.None)
        {
            return _pool.VerdictOf(hash) != Verdict.Invalid;
        }

        if (!EnsureValidated(block.Parent, height.Previous, effects, isVouched))
        {
            return false;
        }

        _pool.Judge(hash, Verdict.Asked);
        effects.ValidateBlock(block, _pool.IsVouched(hash));
        return true;
    }

    private void Fetch(Digest hash, Height height, Effects effects)
    {
        if (_pool.StartFetch(hash))
        {
            effects.FetchBlock(hash, height);
        }
    }

    /// <summary>
    /// As primary: asks for the next block while the window has room; the answer may take until work comes.
    /// </summary>
    private void RequestProposal(Effects effects)
    {
        if (!IsPrimary || _requested is not null)
        {
            return;
        }

        var (below, parent) = Tip();
        if (!InWindow(below.Next) || !EnsureValidated(parent, below, effects))
        {
            return;
        }

        if (_pool.Find(parent) is { Header.EndsEpoch: true } last)
        {
            ProposeAgain(last, effects);
            return;
        }

        // What waits below the base becomes final only through a descendant, so there must be one.
        var needsDescendant = _safety.Base.Height > _final.Height && _safety.HighestAccepted is null;
        _requested = new(View, below.Next, parent, AllowEmpty: needsDescendant);
        effects.RequestProposal(_requested);
    }

    /// <summary>
    /// A base that ends the epoch can have no descendant before it is final: it becomes final by being
    /// proposed again (S6). Where it is this view's own proposal there is nothing to do but wait.
    /// </summary>
    private void ProposeAgain(Block block, Effects effects)
    {
        if (_safety.MayPrepareAgain(block) && _pool.VerdictOf(block.Hash) == Verdict.Valid
            && _safety.MayPrepare(View, block) is { } record)
        {
            effects.Promise(record, new PrePrepare(View, block), Recipients.All);
            effects.Note(new Notice.PhaseReached(Phase.Proposed, record.Subject));
        }
    }

    /// <summary>
    /// What the next proposal stands on: our last in this view, the final head above the base, or the base.
    /// </summary>
    private (Height Height, Digest Block) Tip()
    {
        if (_safety.HighestAccepted is { } accepted)
        {
            return (accepted.Block.Height, accepted.Block.Hash);
        }

        return _final.Height > _safety.Base.Height
            ? (_final.Height, _final.Head)
            : (_safety.Base.Height, _safety.Base.Block);
    }

    private bool InWindow(Subject subject)
        => InWindow(subject.Height)
            && subject.View.Value <= View.Value + Slots.ViewsNear
            && subject.View.Value + Slots.ViewsNear >= View.Value;

    private bool InWindow(Height height) => !_final.IsClosed && height > _final.Height && height <= WindowEnd;

    /// <summary>
    /// Counted from the view's base where that is above the final head: the base becomes final only through a
    /// descendant, so there must be room for one, wherever in the last window the base stands.
    /// </summary>
    private Height WindowEnd
        => new(Math.Max(_final.Height.Value, _safety.Base.Height.Value) + (ulong)_options.Window);

    /// <summary>
    /// Votes beyond our view or window: others are ahead, and asking where they stand mends it.
    /// </summary>
    private void NoticeAhead(Subject subject)
        => _sawAhead |= subject.View > View
            || (subject.View == View && !HasEntered)
            || subject.Height > WindowEnd;
}
