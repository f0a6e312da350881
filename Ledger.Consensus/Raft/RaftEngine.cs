using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// What a replica does in its term (Raft, figure 4), and whether it only asks if it could win the next.
/// </summary>
public enum RaftRole
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

/// <summary>
/// Raft, complete (Ongaro's dissertation), over a log whose blocks become the ledger. Pure; see <see
/// cref="IEngine"/>. Its chapters: elections, replication, finality, snapshots, members, reads and transfer.
/// What may be promised is <see cref="Safety"/>'s alone to say. Its clock is one timer's ticks.
/// </summary>
public sealed partial class RaftEngine : IEngine, IEngineStatus
{
    private readonly RaftOptions _options;
    private readonly FinalHead _head;
    private readonly Safety _safety;
    private readonly Chance _chance;
    private ValidatorIndex _self;
    private EngineTimer _tick;
    private TimeSpan _now;

    /// <param name="genesis">The members that the chain starts with.</param>
    /// <param name="self">This replica.</param>
    /// <param name="options">The same patience for all, please.</param>
    /// <param name="head">What the ledger's store holds.</param>
    /// <param name="seed">For the lots of elections; another one for each replica and start.</param>
    /// <param name="stated">What the ledger's store says of the members; null where no ledger does.</param>
    public RaftEngine(
        Membership genesis, ValidatorIndex self, RaftOptions options, FinalHead head, ulong seed,
        Input.MembersStated? stated = null)
    {
        _self = self;
        _options = options;
        _head = head;
        _chance = new(seed);
        BlockId start = new(Height.Genesis, head.GenesisBlock);
        _safety = new(new(LogIndex.Zero, Term.Zero, start, new(genesis)));
        _decided = new(head.Head, head.Recent[^1]);
        _durable = head.Head;
        _safety.Ledger = head.Head;
        if (stated is not null)
        {
            State(stated);
        }
    }

    public RaftRole Role { get; private set; }

    public Term Term => _safety.Term;

    /// <summary>Who leads in this term, as far as this replica knows.</summary>
    public ValidatorIndex? Leader { get; private set; }

    /// <summary>The latest configuration in the log, committed or not.</summary>
    public RaftConfiguration Configuration => Log.Configuration;

    public LogIndex CommitIndex => _safety.Commit;

    public LogIndex LastIndex => Log.LastIndex;

    public bool IsLeader => Role == RaftRole.Leader;

    /// <inheritdoc/>
    public Height Committed => _options.IsWitness
        ? Log.BlockAt(LogIndex.Max(_safety.Commit, Log.Start.Index)).Height
        : _decided.Height;

    /// <inheritdoc/>
    public MembersView Members
        => new(Configuration, Log.ConfigurationAt(LogIndex.Max(_safety.Commit, Log.Start.Index)));

    View IEngineStatus.View => Term.AsView;

    bool IEngineStatus.HasEntered => Leader is not null;

    bool IEngineStatus.IsPrimary => IsLeader;

    ValidatorIndex? IEngineStatus.Primary => Leader;

    /// <summary>The log, for scenarios that look at it.</summary>
    internal RaftLog Log => _safety.Log;

    /// <inheritdoc/>
    public void Replay(JournalRecord record) => _safety.Apply(record);

    /// <inheritdoc/>
    public void Step(Input input, Effects effects)
    {
        switch (input)
        {
            case Input.Received received:
                OnMessage(received.Verified, effects);
                break;
            case Input.TimerFired fired when fired.Timer == _tick:
                Advance(fired.Now);
                OnTick(effects);
                break;
            case Input.Proposed proposed:
                OnProposed(proposed.Request, proposed.Block, effects);
                break;
            case Input.Finalised finalised:
                OnFinalised(finalised.Height, effects);
                break;
            case Input.Synced synced:
                OnSynced(synced.Segment, effects);
                break;
            case Input.SnapshotReceived received:
                OnSnapshotReceived(received.Height, received.Bytes, effects);
                break;
            case Input.SnapshotInstalled installed:
                OnSnapshotInstalled(new(installed.Height, installed.Block), effects);
                break;
            case Input.ReadRequested read:
                Advance(read.Now);
                OnReadRequested(read.Id, read.Now, effects);
                break;
            case Input.TransferRequested transfer:
                OnTransferRequested(transfer.To, effects);
                break;
            case Input.MembersStated members:
                OnMembersStated(members, effects);
                break;
            case Input.MembersAsked members:
                OnMembersAsked(members.Target, effects);
                break;
            case Input.MembersRequested members:
                OnMembersRequested(members.Target, effects);
                break;
            case Input.PeerConnected connected:
                OnPeerConnected(connected.Peer, effects);
                break;
            case Input.PeerIsAhead ahead:
                AskForBlocks(ahead.Peer, effects);
                break;
            case Input.Started:
                OnStarted(effects);
                break;
            default:
                break;
        }
    }

    private void OnMessage(Verified message, Effects effects)
    {
        var from = message.From;
        if (!HasSeat)
        {
            AskForBlocks(from, effects);
            return;
        }

        switch (message.Message)
        {
            case AppendEntries append:
                OnAppendEntries(from, append, effects);
                break;
            case Appended appended:
                OnAppended(message, appended, effects);
                break;
            case AppendRefused refused:
                OnAppendRefused(from, refused, effects);
                break;
            case Committed committed:
                OnCommitted(from, committed, effects);
                break;
            case Heartbeat heartbeat:
                OnHeartbeat(from, heartbeat, effects);
                break;
            case HeartbeatReply reply:
                OnHeartbeatReply(from, reply, effects);
                break;
            case PreVote preVote:
                OnPreVote(from, preVote, effects);
                break;
            case PreVoteReply reply:
                OnPreVoteReply(from, reply, effects);
                break;
            case RequestVote request:
                OnRequestVote(from, request, effects);
                break;
            case Vote vote:
                OnVote(from, vote, effects);
                break;
            case VoteRefused refused:
                OnVoteRefused(refused, effects);
                break;
            case TimeoutNow timeout:
                OnTimeoutNow(from, timeout, effects);
                break;
            case InstallSnapshot install:
                OnInstallSnapshot(from, install, effects);
                break;
            case SnapshotStatus status:
                OnSnapshotStatus(from, status, effects);
                break;
            case ReadIndex read:
                OnReadIndex(from, read, effects);
                break;
            case ReadIndexReply reply:
                OnReadIndexReply(from, reply, effects);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// The log is as the journal says; what of it is committed, the ledger's store knows best.
    /// </summary>
    private void OnStarted(Effects effects)
    {
        Invariant.Holds(
            _options.IsWitness
            || Log.Start.Block.Height <= _head.Head, "the store holds what the log starts from");
        for (var i = _head.Recent.Count - 1; i >= 0; i--)
        {
            var height = new Height(_head.Head.Value - (ulong)(_head.Recent.Count - 1 - i));
            if (Log.IndexOf(height) is { } index && Log.BlockAt(index).Hash == _head.Recent[i])
            {
                _safety.CommitTo(index);
                break;
            }
        }

        ResetElectionTimer();
        StartTick(effects);

        // Nobody else can lead: there is nothing to wait for.
        if (Configuration is { IsJoint: false, Voters: [var only] } && only == _self
            && MayCampaign)
        {
            Campaign(isTransfer: false, effects);
        }
    }

    private void StartTick(Effects effects)
    {
        _tick = new(TimerKind.Tick, View.Zero, _tick.Generation + 1);
        effects.SetTimer(_tick, _options.TickEvery);
    }

    private void OnTick(Effects effects)
    {
        StartTick(effects);
        AgeReads(effects);
        if (IsLeader)
        {
            OnLeaderTick(effects);
            return;
        }

        _ticksSinceLeader++;
        if (++_ticks >= _timeoutTicks)
        {
            OnElectionTimeout(effects);
        }
    }

    /// <summary>The clock of leases never runs backwards here, whatever order its readings come in.</summary>
    private void Advance(TimeSpan now) => _now = now > _now ? now : _now;
}
