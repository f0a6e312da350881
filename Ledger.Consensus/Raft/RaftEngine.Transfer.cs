using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// A leader hands over (dissertation §3.10): it proposes no more, brings the other's log up to its own, and
/// sends it to campaign at once. If that fails, it leads on.
/// </summary>
public sealed partial class RaftEngine
{
    private ValidatorIndex? _transfer;
    private bool _transferSent;
    private int _transferTicks;

    private void OnTransferRequested(ValidatorIndex? to, Effects effects)
    {
        var target = to ?? Furthest();
        if (TransferFault(target) is { } fault)
        {
            effects.Note(new Notice.TransferEnded(to, fault));
            return;
        }

        _transfer = target;
        _transferSent = false;
        _transferTicks = 0;
        ContinueTransfer(effects);
    }

    private string? TransferFault(ValidatorIndex? target)
    {
        if (!IsLeader)
        {
            return "this validator does not lead";
        }

        if (target is not { } to)
        {
            return "there is no other voter that keeps blocks";
        }

        if (to == _self)
        {
            return "it leads already";
        }

        if (!Configuration.Voters.Contains(to))
        {
            return "it is not a voter";
        }

        return Configuration.IsWitness(to) ? "a witness cannot lead" : null;
    }

    /// <summary>The voter that lacks least and lives.</summary>
    private ValidatorIndex? Furthest()
    {
        ValidatorIndex? best = null;
        foreach (var (member, progress) in _progress)
        {
            if (member != _self && Configuration.Voters.Contains(member) && !Configuration.IsWitness(member)
                && (best is not { } known || progress.Match > _progress[known].Match))
            {
                best = member;
            }
        }

        return best;
    }

    private void ContinueTransfer(Effects effects)
    {
        if (_transfer is not { } to || _transferSent || !_progress.TryGetValue(to, out var progress)
            || progress.Match != Log.LastIndex)
        {
            return;
        }

        // Whoever is sent to campaign is let at once: this leader's lease is over, whatever comes of it.
        _transferSent = true;
        _leaseIsOver = true;
        effects.Hint(new TimeoutNow(Term), Recipients.Just(to));
    }

    private void OnTimeoutNow(ValidatorIndex from, TimeoutNow timeout, Effects effects)
    {
        if (timeout.Term == Term && from == Leader && from != _self && MayCampaign)
        {
            Campaign(isTransfer: true, effects);
        }
    }

    private void AgeTransfer(Effects effects)
    {
        if (_transfer is not null && ++_transferTicks > _options.ElectionTicks)
        {
            EndTransfer("it did not take over in time", effects);
            RequestProposal(effects);
        }
    }

    private void EndTransfer(string? reason, Effects effects)
    {
        if (_transfer is { } to)
        {
            _transfer = null;
            effects.Note(new Notice.TransferEnded(to, reason));
        }
    }
}
