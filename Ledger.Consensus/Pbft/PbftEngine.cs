using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// PBFT with HotStuff-style view changes: the replica of OSDI '99 §4, pipelined over a window, with the
/// highest-QC rule of PODC '19 and FC '22 for new views. Pure; see <see cref="IEngine"/>. Its chapters:
/// agreement on a block in a view, finality across views, the change of views and that of epochs, and reads.
/// Safety's verdicts are <see cref="Safety"/>'s alone.
/// </summary>
public sealed partial class PbftEngine : IEngine, IEngineStatus
{
    private readonly PbftOptions _options;
    private readonly FinalChain _final;
    private readonly Safety _safety;
    private readonly Pacemaker _pacemaker;
    private readonly BlockPool _pool = new();
    private Epoch _epoch;
    private ValidatorIndex _self;
    private Slots _slots;

    /// <summary>The last VIEW-CHANGE of each replica.</summary>
    private Verified?[] _viewChanges;

    /// <summary>Commit certificates above the final head, whose blocks are not all here yet.</summary>
    private readonly SortedDictionary<Height, QuorumCertificate> _certificates = [];

    /// <summary>The NEW-VIEW of the entered view as its primary signed it, to be shown again.</summary>
    private Verified? _newView;

    /// <summary>Our own VIEW-CHANGE while it waits for its NEW-VIEW.</summary>
    private Verified? _ownViewChange;

    private ProposalRequest? _requested;

    /// <summary>Whom this replica has told where it stands, and where that was.</summary>
    private readonly SortedDictionary<ValidatorIndex, Standing> _told = [];

    /// <summary>Set while anyone is in <see cref="_told"/>.</summary>
    private EngineTimer? _toldTimer;

    private ulong _toldTimers;
    private bool _workPending;
    private bool _sawAhead;
    private bool _committedSinceRepeat;
    private long _bytesSinceCompaction;
    private Height _durable;

    /// <summary>The last commit certificate that was decided by.</summary>
    private Subject? _committed;

    /// <summary>The highest block that a correct replica has committed to.</summary>
    private Subject? _prepared;

    /// <param name="epoch">Of the block after the head.</param>
    /// <param name="self">
    /// This replica's seat, or the last that it had; <see cref="ValidatorIndex.None"/> before it was a
    /// validator.
    /// </param>
    /// <param name="options">For this node alone.</param>
    /// <param name="head">What its disk holds.</param>
    public PbftEngine(Epoch epoch, ValidatorIndex self, PbftOptions options, FinalHead head)
    {
        _epoch = epoch;
        _self = self;
        _options = options;
        _final = new(head.Recent, head.Head);
        _durable = head.Head;
        _safety = new(_final, epoch);
        _pacemaker = new(options);
        _slots = new(epoch.Validators);
        _viewChanges = new Verified?[epoch.Validators.Seats];
        _answers = new QuorumCertificate?[epoch.Validators.Seats];
    }

    /// <summary>The view this replica is in or has asked for.</summary>
    public View View => _safety.View;

    /// <summary>False while the view asked for has not been opened.</summary>
    public bool HasEntered => _safety.HasEntered;

    /// <summary>The height of the last block decided here.</summary>
    public Height Committed => _final.Height;

    /// <summary>Whether this replica is a validator in the present epoch.</summary>
    public bool IsMember => Validators.Contains(_self);

    public bool IsPrimary => HasEntered && Validators.PrimaryOf(View) == _self;

    public ValidatorIndex? Primary => HasEntered ? Validators.PrimaryOf(View) : null;

    private ValidatorSet Validators => _epoch.Validators;

    /// <inheritdoc/>
    public void Replay(JournalRecord record)
    {
        if (IsOfAnotherEpoch(record))
        {
            return;
        }

        _safety.Apply(record);
        switch (record)
        {
            case Accepted accepted when accepted.Block.Height > _final.Height:
                _pool.Add(accepted.Block);
                _pool.Vouch(accepted.Block.Hash);
                break;
            case Entered { Signature: { } signature } entered:
                var primary = Validators.PrimaryOf(entered.View);
                _newView = new(new Envelope(primary, entered.NewView, signature));
                break;
            case Entered or LeftFor:
                _newView = null;
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public void Step(Input input, Effects effects)
    {
        if (!IsMember && !IsForFollowers(input))
        {
            return;
        }

        switch (input)
        {
            case Input.Received received:
                OnMessage(received.Verified, effects);
                break;
            case Input.Proposed proposed:
                OnProposed(proposed.Request, proposed.Block, effects);
                break;
            case Input.Judged judged:
                OnJudged(judged.Block, judged.Fault, effects);
                break;
            case Input.Fetched fetched:
                OnFetched(fetched.Block, effects);
                break;
            case Input.Synced synced:
                OnSynced(synced.Segment, effects);
                break;
            case Input.Finalised finalised:
                OnFinalised(finalised.Height, effects);
                break;
            case Input.TimerFired fired:
                OnTimer(fired.Timer, effects);
                break;
            case Input.PeerConnected connected:
                RepeatTo(Recipients.Just(connected.Peer), effects);
                break;
            case Input.WorkPending pending:
                _workPending = pending.Any;
                break;
            case Input.ReadRequested read:
                OnReadRequested(read.Id, effects);
                break;
            case Input.RequestOverdue overdue when _safety.VotesIn(overdue.View):
                Leave(View.Next, LeaveReason.Censorship, effects);
                break;
            case Input.EpochBegan began:
                OnEpochBegan(began.Epoch, began.Self, effects);
                break;
            case Input.PeerIsAhead ahead:
                effects.CatchUp(_final.Height.Next, ahead.Peer);
                break;
            case Input.Started:
                OnStarted(effects);
                break;
            default:
                break;
        }

        KeepTime(effects);
    }

    private void OnMessage(Verified message, Effects effects)
    {
        // The gate may have moved on to the next epoch before this replica did, or the other way round.
        if (ViewOf(message.Message) is { } view && view.Epoch != _epoch.Number)
        {
            return;
        }

        switch (message.Message)
        {
            case PrePrepare proposal:
                OnPrePrepare(message, proposal, effects);
                break;
            case Prepare prepare:
                OnPrepare(message, prepare.Subject, effects);
                break;
            case Commit commit:
                OnCommit(message, commit.Subject, effects);
                break;
            case ViewChange viewChange:
                OnViewChange(message, viewChange, effects);
                break;
            case NewView newView:
                OnNewView(message, newView, effects);
                break;
            case Status status:
                OnStatus(message.From, status, effects);
                break;
            case ReadQuery query:
                OnReadQuery(message.From, query, effects);
                break;
            case ReadAnswer answer:
                OnReadAnswer(message.From, answer, effects);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// Says again what the journal says we have said: whether it left before the crash is not known, and
    /// saying it twice is saying it once.
    /// </summary>
    private void OnStarted(Effects effects)
    {
        if (!IsMember)
        {
            return;
        }

        if (_safety.Leaving is { } left)
        {
            effects.Promise(left, new ViewChange(left.Target, left.Report), Recipients.All);
            return;
        }

        if (_safety.Entry is { Signature: null } opened)
        {
            effects.Promise(opened, opened.NewView, Recipients.All);
        }

        foreach (var accepted in _safety.AllAccepted)
        {
            if (accepted.View == View)
            {
                _slots.At(View, accepted.Block.Height).Proposal ??= accepted.Block;
                effects.Promise(accepted, VoteFor(accepted), Recipients.All);
            }
        }

        var highest = _safety.Highest;
        if (_safety.VotesIn(highest.Subject.View) && highest.Subject.Height > _final.Height)
        {
            effects.Promise(new Certified(highest), new Commit(highest.Subject), Recipients.All);
        }

        SettleBase(effects);
        Advance(effects);
        RequestProposal(effects);
    }

    private PromiseMessage VoteFor(Accepted accepted)
        => IsPrimary ? new PrePrepare(accepted.View, accepted.Block) : new Prepare(accepted.Subject);

    /// <summary>Timers run only while something waits: an idle network is silent (L1).</summary>
    private void KeepTime(Effects effects)
    {
        var pending = IsPending();
        if (HasEntered && pending)
        {
            _pacemaker.StartView(View, effects);
        }
        else if (HasEntered)
        {
            _pacemaker.StopView();
        }

        // Who asked for a view alone is not answered while the others have no reason to leave theirs.
        if (IsMember && (pending || _sawAhead || LacksPrepared))
        {
            _pacemaker.StartRepeat(View, effects);
        }
    }

    /// <summary>
    /// Until a block that others have prepared is final here, we lack something; but in a later view, that
    /// view's base says what is left of it.
    /// </summary>
    private bool LacksPrepared
        => _prepared is { } prepared && prepared.Height > _final.Height
            && !(HasEntered && View > prepared.View);

    private bool IsPending() => IsMember && !_final.IsClosed && AnythingWaits();

    private bool AnythingWaits()
        => _workPending
            || _safety.Base.Height > _final.Height
            || _certificates.Count > 0
            || _safety.HighestAccepted is not null
            || _slots.Find(View, _final.Height.Next)?.Proposal is not null;

    private void OnTimer(EngineTimer timer, Effects effects)
    {
        if (timer.Kind is TimerKind.Read or TimerKind.HeldRead)
        {
            OnReadTimer(timer, effects);
            return;
        }

        if (timer == _toldTimer)
        {
            _told.Clear();
            _toldTimer = null;
            return;
        }

        if (!_pacemaker.Fires(timer))
        {
            return;
        }

        if (timer.Kind == TimerKind.View)
        {
            Leave(View.Next, LeaveReason.Timeout, effects);
            return;
        }

        if (!_committedSinceRepeat)
        {
            RepeatTo(Recipients.All, effects);
            _pool.ForgetFetches();
            Advance(effects);
        }

        _sawAhead = false;
        _committedSinceRepeat = false;
    }

    /// <summary>What this replica has said and a peer may have lost.</summary>
    private void RepeatTo(Recipients to, Effects effects)
    {
        effects.Hint(new Status(View, HasEntered, _final.Height), to);
        if (!HasEntered)
        {
            Repeat(_ownViewChange, to, effects);
            return;
        }

        Repeat(_newView, to, effects);
        foreach (var slot in _slots.All)
        {
            Repeat(slot.Prepares.Of(_self), to, effects);
            Repeat(slot.Commits.Of(_self), to, effects);
        }
    }

    private static void Repeat(Verified? said, Recipients to, Effects effects)
    {
        if (said is not null)
        {
            effects.Repeat(said, to);
        }
    }

    private void OnStatus(ValidatorIndex from, Status status, Effects effects)
    {
        if (from == _self)
        {
            return;
        }

        if (status.Committed > _final.Height)
        {
            effects.CatchUp(status.Committed, from);
        }

        // Nothing said here lifts anyone into another epoch: whoever is behind one gets there by blocks
        // alone.
        var sameEpoch = IsMember && status.View.Epoch == View.Epoch;
        var peerLagsInView = sameEpoch && (status.View < View || (status.View == View && !status.Entered));
        var weLagInView = sameEpoch
            && (status.View > View || (status.View == View && status.Entered && !HasEntered));

        // One who was removed answers too: none but it may know that the block which removed it is final.
        var isToBeTold = weLagInView || status.Committed < _final.Height;
        if (!(peerLagsInView || isToBeTold) || !MayTell(from, effects))
        {
            return;
        }

        if (peerLagsInView)
        {
            Repeat(HasEntered ? _newView : _ownViewChange, Recipients.Just(from), effects);
        }

        if (isToBeTold)
        {
            effects.Hint(new Status(View, HasEntered, _final.Height), Recipients.Just(from));
        }
    }

    /// <summary>
    /// L6: a peer is told once of each view in which this replica stands, and then no more for a while,
    /// however often it asks. Two who cannot help each other, or two live copies of one, would keep each
    /// other busy without end.
    /// </summary>
    private bool MayTell(ValidatorIndex peer, Effects effects)
    {
        Standing standing = new(View, HasEntered);
        if (_told.TryGetValue(peer, out var told) && told == standing)
        {
            return false;
        }

        _told[peer] = standing;
        if (_toldTimer is null)
        {
            _toldTimer = new(TimerKind.Answers, View, ++_toldTimers);
            effects.SetTimer(_toldTimer.Value, _options.RepeatEvery / 2);
        }

        return true;
    }

    private readonly record struct Standing(View View, bool Entered);
}
