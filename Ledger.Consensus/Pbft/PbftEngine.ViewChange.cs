using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The change of views: a replica reports the highest certificate it knows, a quorum of reports names the
/// base of the next view (FC '22, section 3), and the primary of that view opens it.
/// </summary>
public sealed partial class PbftEngine
{
    private void Leave(View target, LeaveReason reason, Effects effects)
    {
        var from = View;
        if (_safety.MayLeave(target) is not { } record)
        {
            return;
        }

        _requested = null;
        _newView = null;
        _ownViewChange = null;
        _pacemaker.OnLeave();
        effects.Promise(record, new ViewChange(target, record.Report), Recipients.All);
        effects.Note(new Notice.LeftView(from, target, reason));
    }

    private void OnViewChange(Verified message, ViewChange viewChange, Effects effects)
    {
        ref var last = ref _viewChanges[message.From.Value];
        if (last?.Message is ViewChange earlier && viewChange.Target <= earlier.Target)
        {
            // One report per view: a second, different one is evidence and never counts (S4).
            if (viewChange.Target == earlier.Target && viewChange.Highest.Subject != earlier.Highest.Subject)
            {
                effects.Note(new Notice.Equivocation("view-change", message.From, last, message));
            }

            return;
        }

        last = message;
        if (message.From == _self && viewChange.Target == View && !HasEntered)
        {
            _ownViewChange = message;
        }

        if (_safety.MayLearn(viewChange.Highest) is { } learned)
        {
            effects.Persist(learned);
        }

        Join(effects);
        OpenView(effects);
    }

    /// <summary>
    /// L4: once f + 1 others have asked for higher views, one of them correct, this replica joins them.
    /// </summary>
    private void Join(Effects effects)
    {
        Span<ulong> targets = stackalloc ulong[_viewChanges.Length];
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = _viewChanges[i]?.Message is ViewChange asked && asked.Target > View
                && i != _self.Value
                ? asked.Target.Value
                : 0;
        }

        targets.Sort();
        var reached = targets[^Math.Min(Validators.Quorums.OneCorrect, targets.Length)];
        if (reached > View.Value)
        {
            Leave(new(reached), LeaveReason.Joined, effects);
        }
    }

    /// <summary>With a quorum's reports for the view we have asked for, its primary opens it.</summary>
    private void OpenView(Effects effects)
    {
        if (HasEntered)
        {
            return;
        }

        // Those who ask for a higher view are past this one: who waited for their report for it would wait
        // for ever, and they, for his (L3).
        if (AskedForOrAbove(View) >= Validators.Quorums.Quorum)
        {
            _pacemaker.StartView(View, effects);
        }

        var reports = ReportsFor(View, out var baseCertificate);
        if (reports.Count < Validators.Quorums.Quorum || Validators.PrimaryOf(View) != _self)
        {
            return;
        }

        var newView = new NewView(new(View, reports), baseCertificate!);
        if (_safety.MayEnter(newView, signature: null) is { } record)
        {
            effects.Promise(record, newView, Recipients.All);
            Enter(effects);
        }
    }

    private int AskedForOrAbove(View view)
    {
        var count = 0;
        foreach (var message in _viewChanges)
        {
            count += message?.Message is ViewChange asked && asked.Target >= view ? 1 : 0;
        }

        return count;
    }

    private List<Report> ReportsFor(View view, out QuorumCertificate? highest)
    {
        List<Report> reports = [];
        highest = null;
        foreach (var message in _viewChanges)
        {
            if (message?.Message is not ViewChange asked || asked.Target != view)
            {
                continue;
            }

            reports.Add(new(message.From, asked.Highest.Subject, message.Envelope.Signature));
            if (highest is null || asked.Highest.Subject.Outranks(highest.Subject))
            {
                highest = asked.Highest;
            }
        }

        return reports;
    }

    private void OnNewView(Verified message, NewView newView, Effects effects)
    {
        if (message.From != Validators.PrimaryOf(newView.View))
        {
            return;
        }

        if (message.From == _self && HasEntered && newView.View == View)
        {
            _newView = message;
        }

        if (_safety.MayEnter(newView, message.Envelope.Signature) is { } record)
        {
            effects.Persist(record);
            _newView = message;
            Enter(effects);
        }
    }

    private void Enter(Effects effects)
    {
        _requested = null;
        _ownViewChange = null;
        _pacemaker.OnEnter();
        _slots.Forget(_final.Height, View);
        SettleBase(effects);
        effects.Note(new Notice.EnteredView(View, Validators.PrimaryOf(View), _safety.Base));
        RequestProposal(effects);
        Advance(effects);
    }
}
