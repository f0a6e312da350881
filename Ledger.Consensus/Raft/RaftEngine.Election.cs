using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// Elections (Raft §5.2): by lot among those who miss the leader, asked about before a term is spent
/// (pre-vote), and not heard by those who do not miss it (check-quorum; dissertation §4.2.3, §9.6).
/// </summary>
public sealed partial class RaftEngine
{
    /// <summary>Who has agreed to the election, or would.</summary>
    private readonly HashSet<ValidatorIndex> _votes = [];

    /// <summary>
    /// Ticks since the election timer was reset; in a leader, since it last counted its followers.
    /// </summary>
    private int _ticks;

    private int _timeoutTicks;

    /// <summary>
    /// A restarted replica may have heard its leader just before: it lets no one else for a while.
    /// </summary>
    private int _ticksSinceLeader;

    /// <summary>A leader in reach is not deposed by someone who merely cannot hear it.</summary>
    internal bool HearsLeader => IsLeader || _ticksSinceLeader < _options.ElectionTicks;

    private bool MayCampaign
        => IsOrWasVoter && !_options.IsWitness && _installing is null && _safety.MayElect
            && (Log.LastIndex > LogIndex.Zero || LedgerMayLead);

    /// <summary>
    /// Without a log, the ledger must say all that it would: what was decided, and that those who vote by
    /// genesis still do.
    /// </summary>
    private bool LedgerMayLead
        => _durable == _decided.Height
            && (_stated is not { } stated || stated.Voters.SequenceEqual(Configuration.Voters));

    /// <summary>
    /// One whose removal is not yet committed may be the only one whose log can win: it campaigns, without a
    /// vote of its own, until it knows (dissertation §4.2.2).
    /// </summary>
    private bool IsOrWasVoter
        => Configuration.IsVoter(_self)
            || (Log.ConfigurationIndex > _safety.Commit
                && Log.ConfigurationAt(Log.ConfigurationIndex.Previous).IsVoter(_self));

    /// <summary>Whoever campaigns already misses the leader: a split vote is tried again sooner.</summary>
    private void ResetElectionTimer()
    {
        _ticks = 0;
        var patience = Role == RaftRole.Follower ? _options.ElectionTicks : _options.ElectionTicks / 2;
        _timeoutTicks = patience + _chance.Draw(_options.ElectionTicks);
    }

    private void OnElectionTimeout(Effects effects)
    {
        SetLeader(null, effects);
        Role = MayCampaign ? RaftRole.PreCandidate : RaftRole.Follower;
        ResetElectionTimer();
        AskForBlocks(_neighbour, effects);
        if (Role == RaftRole.Follower)
        {
            return;
        }

        _votes.Clear();
        _votes.Add(_self);
        effects.Hint(new PreVote(Term.Next, _safety.Reach, Log.LastTerm), Recipients.All);
        if (Configuration.IsQuorum(_votes))
        {
            Campaign(isTransfer: false, effects);
        }
    }

    private void OnPreVote(ValidatorIndex from, PreVote asked, Effects effects)
    {
        if (from == _self)
        {
            return;
        }

        var granted = asked.Term > Term && !HearsLeader && _safety.MayElect
            && _safety.IsUpToDate(asked.LastIndex, asked.LastTerm);
        effects.Hint(new PreVoteReply(Term, asked.Term, granted), Recipients.Just(from));
    }

    private void OnPreVoteReply(ValidatorIndex from, PreVoteReply reply, Effects effects)
    {
        if (reply.Term > Term)
        {
            EnterTerm(reply.Term, effects);
            return;
        }

        if (Role != RaftRole.PreCandidate || reply.Asked != Term.Next || !reply.Granted)
        {
            return;
        }

        _votes.Add(from);
        if (Configuration.IsQuorum(_votes))
        {
            Campaign(isTransfer: false, effects);
        }
    }

    private void Campaign(bool isTransfer, Effects effects)
    {
        var record = _safety.MayCampaign(_self);
        Role = RaftRole.Candidate;
        SetLeader(null, effects);
        ResetElectionTimer();
        _votes.Clear();

        // The vote for oneself is counted when it is durable, like any other.
        effects.Promise(
            record, new RequestVote(_self, Term, _safety.Reach, Log.LastTerm, isTransfer), Recipients.All);
    }

    private void OnRequestVote(ValidatorIndex from, RequestVote request, Effects effects)
    {
        if (from == _self)
        {
            OnVote(_self, new(request.Term, _self), effects);
            return;
        }

        if (request.Term > Term && HearsLeader && !request.IsTransfer)
        {
            return;
        }

        var isNewTerm = request.Term > Term;
        if (_safety.MayVote(from, request.Term, request.LastIndex, request.LastTerm) is { } record)
        {
            Follow(null, effects);
            ResetElectionTimer();
            effects.Promise(record, new Vote(Term, from), Recipients.Just(from));
            return;
        }

        if (isNewTerm)
        {
            EnterTerm(request.Term, effects);
        }

        effects.Hint(new VoteRefused(Term), Recipients.Just(from));
    }

    private void OnVote(ValidatorIndex from, Vote vote, Effects effects)
    {
        if (Role != RaftRole.Candidate || vote.Term != Term || vote.Candidate != _self)
        {
            return;
        }

        _votes.Add(from);
        if (Configuration.IsQuorum(_votes))
        {
            Lead(effects);
        }
    }

    private void OnVoteRefused(VoteRefused refused, Effects effects)
    {
        if (refused.Term > Term)
        {
            EnterTerm(refused.Term, effects);
        }
    }

    /// <summary>A message of a leader, of this term or a later one: it is followed.</summary>
    /// <returns>False when it comes from the past.</returns>
    private bool Hears(ValidatorIndex leader, Term term, Effects effects)
    {
        if (term < Term || leader == _self || (term == Term && IsLeader))
        {
            return false;
        }

        if (term > Term)
        {
            EnterTerm(term, effects);
        }

        Follow(leader, effects);
        _ticksSinceLeader = 0;
        ResetElectionTimer();
        return true;
    }

    private void EnterTerm(Term term, Effects effects)
    {
        var wasLeader = IsLeader;
        if (_safety.MayEnter(term) is { } record)
        {
            effects.Persist(record);
            Follow(null, effects);
            if (wasLeader)
            {
                effects.Note(new Notice.SteppedDown(term.AsView, "a later term has begun"));
            }
        }
    }

    private void Follow(ValidatorIndex? leader, Effects effects)
    {
        if (IsLeader)
        {
            StopLeading(effects);
        }

        Role = RaftRole.Follower;
        SetLeader(leader, effects);
    }

    private void SetLeader(ValidatorIndex? leader, Effects effects)
    {
        if (Leader == leader)
        {
            return;
        }

        Leader = leader;
        RefuseReads("the leader changed", effects);
        effects.Note(new Notice.LeaderChanged(Term.AsView, leader));
    }

    private void Lead(Effects effects)
    {
        BeginFromLedger(effects);
        _safety.Lead(_self);
        Role = RaftRole.Leader;
        SetLeader(_self, effects);
        _ticks = 0;
        _endorsements.Clear();
        _progress.Clear();
        _requested = null;
        foreach (var member in Configuration.Members)
        {
            _progress[member] = new(Log.LastIndex.Next, _options);
        }

        Append(new NoOpEntry(Term, Log.LastIndex.Next), effects);
    }

    /// <summary>
    /// A majority that has no log has elected one that has none (R8): all were restored, and whoever leads
    /// has at least as many blocks as each that voted for it. The log goes on behind them.
    /// </summary>
    private void BeginFromLedger(Effects effects)
    {
        if (Log.LastIndex == LogIndex.Zero && _decided.Height > Height.Genesis
            && _safety.MayInstall(
                new(RaftLog.RestoredAt(_decided.Height), Term.Zero, _decided, Configuration)) is { } record)
        {
            effects.Persist(record);
        }
    }

    private void StopLeading(Effects effects)
    {
        _safety.StopLeading();
        _requested = null;
        _change = null;
        _progress.Clear();
        _rounds.Clear();
        _leaseFrom = null;
        _leaseIsOver = false;
        EndTransfer(null, effects);
    }

    private void StepDown(string reason, Effects effects)
    {
        effects.Note(new Notice.SteppedDown(Term.AsView, reason));
        RefuseReads(reason, effects);
        Follow(null, effects);
        ResetElectionTimer();
    }

    /// <summary>
    /// A leader that no majority answers cannot know whether it still is one (dissertation §6.2).
    /// </summary>
    private void CheckQuorum(Effects effects)
    {
        _votes.Clear();
        _votes.Add(_self);
        foreach (var (member, progress) in _progress)
        {
            if (progress.IsActive)
            {
                _votes.Add(member);
            }

            progress.IsActive = false;
        }

        if (!Configuration.IsQuorum(_votes))
        {
            StepDown("no majority of the voters answers", effects);
        }
    }
}
