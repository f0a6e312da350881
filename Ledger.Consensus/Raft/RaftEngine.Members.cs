using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// Changes of members (Raft §6; dissertation §4): newcomers learn first and count for nothing; then old and
/// new voters must both agree; then the new ones decide alone. One change at a time.
/// </summary>
public sealed partial class RaftEngine
{
    /// <summary>The change that waits for its newcomers to catch up.</summary>
    private Membership? _change;

    private void OnMembersRequested(Membership target, Effects effects)
    {
        if ((_stated is null ? ChangeFault(target) : "the ledger states who the members are") is { } fault)
        {
            effects.Note(new Notice.MembersRefused(fault));
            return;
        }

        var current = Configuration;
        if (target.Voters.All(voter => current.IsMember(voter)))
        {
            Change(target, effects);
            return;
        }

        _change = target;
        Reconfigure(
            new(current.Voters, [], current.Learners.Concat(target.Learners).Concat(target.Voters),
                current.Witnesses.Concat(target.Witnesses)),
            effects);
    }

    private Refusal? ChangeFault(Membership target)
    {
        if (!IsLeader)
        {
            return "this validator does not lead";
        }

        if (_change is not null || Configuration.IsJoint || !_safety.MayReconfigure || !VotersAreStated
            || _stated?.Equals(Configuration) == false)
        {
            return "another change of members is under way";
        }

        if (target.Voters.Count == 0)
        {
            return "the last voter cannot be removed";
        }

        if (target.Voters.All(target.Witnesses.Contains))
        {
            return "one voter at least must keep blocks";
        }

        foreach (var member in target.Voters.Concat(target.Learners))
        {
            if (Configuration.IsMember(member)
                && Configuration.IsWitness(member) != target.Witnesses.Contains(member))
            {
                return new("cannot begin or cease to keep blocks: remove it first", member);
            }

            if (target.Learners.Contains(member) && Configuration.IsVoter(member))
            {
                return new("votes and cannot become a learner: remove it first", member);
            }

            if (target.Voters.Contains(member) && Configuration.Learners.Contains(member)
                && !HasCaughtUp(member))
            {
                return new(
                    IsUnheard(member)
                        ? $"is out of reach, and lacks {Lacks(member)} entries"
                        : $"is behind: it lacks {Lacks(member)} entries",
                    member);
            }
        }

        return null;
    }

    private ulong Lacks(ValidatorIndex member)
        => Log.LastIndex.Value - (_progress.TryGetValue(member, out var progress) ? progress.Match.Value : 0);

    /// <summary>
    /// One that has all counts, though a new connection has it probed until there is something to send.
    /// </summary>
    private bool HasCaughtUp(ValidatorIndex member)
        => _progress.TryGetValue(member, out var progress) && !IsUnheard(member)
            && (progress.State == ProgressState.Replicate || progress.Match == Log.LastIndex)
            && Lacks(member) <= (ulong)_options.CaughtUpWithin;

    private bool IsUnheard(ValidatorIndex member)
        => !_progress.TryGetValue(member, out var progress) || progress.UnheardTicks > _options.ElectionTicks;

    /// <summary>
    /// All who shall vote are up to date: through both majorities if voters differ, at once if not.
    /// </summary>
    private void Change(Membership target, Effects effects)
    {
        var current = Configuration;
        var settled = new RaftConfiguration(target);
        var sameVoters = settled.Voters.SequenceEqual(current.Voters);
        Reconfigure(
            sameVoters
                ? settled
                : new(target.Voters, current.Voters, target.Learners, current.Witnesses.Concat(
                    target.Witnesses)),
            effects);
    }

    /// <summary>Puts a configuration into the log; from here on it counts (R7).</summary>
    private void Reconfigure(RaftConfiguration configuration, Effects effects)
    {
        if (!_safety.MayReconfigure)
        {
            return;
        }

        var endsJoint = Configuration.IsJoint && !configuration.IsJoint;
        var entry = new ConfigurationEntry(
            Term, Log.LastIndex.Next, configuration, endsJoint ? _certificate : null);
        foreach (var member in configuration.Members)
        {
            if (!_progress.TryGetValue(member, out var progress) || progress.IsDeparting)
            {
                _progress[member] = new(Log.LastIndex.Next, _options);
            }
        }

        foreach (var (member, progress) in _progress)
        {
            if (!configuration.IsMember(member) && member != _self)
            {
                progress.IsDeparting = true;
                progress.IdleTicks = 0;
            }
        }

        // A block asked for before was made for the members before.
        _requested = null;
        Append(entry, effects);
        NoticeMembers(entry, effects);
    }

    /// <summary>An acknowledgement may show that the newcomers have caught up.</summary>
    private void ContinueChange(Effects effects)
    {
        if (!IsLeader || !_safety.MayReconfigure)
        {
            return;
        }

        if (Configuration.IsJoint)
        {
            LeaveJoint(effects);
        }
        else if (_change is { } target && target.Voters.All(HasCaughtUpOrVotes))
        {
            _change = null;
            Change(target, effects);
        }
        else
        {
            FollowLedger(effects);
        }
    }

    private bool HasCaughtUpOrVotes(ValidatorIndex member)
        => Configuration.IsVoter(member) || HasCaughtUp(member);

    /// <summary>
    /// The joint configuration is committed. The old voters go only once the blocks they must certify are
    /// certified: the entry takes that certificate along, for whoever leads next.
    /// </summary>
    private void LeaveJoint(Effects effects)
    {
        if (Log.LastBlock.Height > Certified)
        {
            return;
        }

        var current = Configuration;
        Reconfigure(new(current.Voters, [], current.Learners, current.Witnesses), effects);
    }

    private void AgeChange(Effects effects)
    {
        ContinueChange(effects);
        foreach (
            var member in _progress.Where(p => p.Value.IsDeparting && p.Value.IdleTicks > _options.LearnTicks)
            .Select(p => p.Key).ToList())
        {
            _progress.Remove(member);
        }

        if (_change is not { } target || !_safety.MayReconfigure)
        {
            return;
        }

        foreach (var member in target.Voters)
        {
            if (!HasCaughtUpOrVotes(member) && _progress[member].IdleTicks > _options.LearnTicks)
            {
                _change = null;
                effects.Note(new Notice.MembersRefused(new(
                    $"does not catch up: it is out of reach or lacks {Lacks(member)} entries", member)));
                var current = Configuration;
                Reconfigure(
                    new(current.Voters, [], current.Learners.Except(target.Voters), current.Witnesses),
                    effects);
                return;
            }
        }
    }

    /// <summary>
    /// On commit of a configuration: the change goes on, or a leader that is no voter any more gives way.
    /// </summary>
    private void OnMembersCommitted(Effects effects)
    {
        ContinueChange(effects);
        if (IsLeader && _safety.MayReconfigure && !Configuration.IsVoter(_self))
        {
            if (Furthest() is { } next)
            {
                effects.Hint(new TimeoutNow(Term), Recipients.Just(next));
            }

            StepDown("it is no voter any more", effects);
        }
    }

    private void NoticeMembers(LogEntry entry, Effects effects)
    {
        if (entry is ConfigurationEntry)
        {
            NoticeMembers(effects);
        }
    }

    private void NoticeMembers(Effects effects)
        => effects.Note(new Notice.MembersChanged(Configuration.Phase, Configuration));

    private void NoticeRemoval(ConfigurationEntry change, Effects effects)
    {
        if (!change.Configuration.IsMember(_self)
            && Log.ConfigurationAt(change.Index.Previous).IsMember(_self))
        {
            effects.Note(new Notice.Removed());
        }
    }
}
