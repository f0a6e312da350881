using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// One run of a validator's process, put together as the node does it: the product's replica, engine, gate
/// and codec, the executor over the ledger, the mempool, gossip and block sync. Everything it knows dies with
/// it but what is on its host's disks.
/// </summary>
internal sealed class Life : IWorld, IVoice
{
    /// <summary>As in the node: the more that waits, the more one sync carries, up to here.</summary>
    private const int TurnMax = 256;

    /// <summary>More than this in one queue means that something feeds it without end.</summary>
    private const int QueueMax = 20_000;

    private static readonly TimeSpan Step = TimeSpan.FromMicroseconds(15);
    private static readonly TimeSpan SyncedWrite = TimeSpan.FromMicroseconds(150);

    private readonly Simulator _simulator;
    private readonly IEngine _engine;
    private readonly Replica _replica;
    private readonly Dictionary<TimerKind, EngineTimer> _timers = [];
    private readonly List<Input> _inbox = [];
    private readonly List<Input> _turn = [];
    private readonly RecentBlocks _recent = new();
    private TimeSpan _busyUntil;
    private bool _turnIsDue;

    /// <exception cref="DamagedJournalException">The journal is not whole.</exception>
    public Life(Simulator simulator, Host host)
    {
        _simulator = simulator;
        Host = host;
        var records = host.Journal.Recover();
        Machine = new(simulator.Genesis, host.Ledger, simulator.IsSigned);
        (_engine, Engine) = simulator.Protocol.Make(
            host, Machine.Epoch, new(
                simulator.Genesis.Block.Hash, host.Ledger.Recent(256), Machine.Head.Height));
        Mempool = new(simulator, this);
        Executor = new(simulator, this);
        Sync = new(simulator, this);
        Reads = new(simulator, this);
        Witness = new(simulator, this);
        var recorder = simulator.Recorders is { } recorders
            ? new Unwrapping(recorders(host.Self), _engine) : null;
        _replica = new(new CountedEngine(_engine, simulator), host.Journal, this, this, recorder);
        foreach (var block in simulator.Protocol.BlocksIn(records))
        {
            _recent.Add(block);
        }

        _replica.Recover(records);
    }

    public Host Host { get; }

    public IEngineStatus Engine { get; }

    public LedgerMachine Machine { get; }

    public Mempool Mempool { get; }

    public TransactionPool Pool => Mempool.Pool;

    public Executor Executor { get; }

    public BlockFetcher Sync { get; }

    public Reads Reads { get; }

    public Witness Witness { get; }

    public ValidatorIndex Self => Host.Self;

    public Digest Chain => _simulator.Genesis.Hash;

    /// <summary>About what the engine keeps in memory: the length of its picture.</summary>
    public long EngineBytes
        => FlightStart.Of(new("", Chain, Self, _simulator.Seats, ""), _engine).Picture.Length;

    public bool IsOver => Host.Life != this;

    public void Begin()
    {
        _simulator.Watch.Begins(Host);
        DueTurn();
        Witness.Begin();
        _simulator.Agenda.After(
            TimeSpan.FromMilliseconds(1), () => IfAlive(() => _simulator.Connected(Host)));
    }

    /// <summary>From within: timers, the executor, the mempool.</summary>
    public void Post(Input input)
    {
        _inbox.Add(input);
        _simulator.Watch.Bounded("an inbox", _inbox.Count, QueueMax);
        DueTurn();
    }

    public void OnConnected(Host peer)
    {
        Post(new Input.PeerConnected(peer.Self));
        Witness.ShowTo(peer);
        Mempool.ShowTo(peer);
    }

    public void Receive(Host from, Parcel parcel)
    {
        switch (parcel)
        {
            case Parcel.Consensus consensus:
                OnEnvelope(from, consensus.Bytes);
                break;
            case Parcel.Transactions transactions:
                Mempool.OnArrived(transactions.Encoded);
                break;
            case Parcel.Evidence evidence:
                Witness.OnShown(evidence.Bytes);
                break;
            case Parcel.Question question:
                var answer = Sync.AnswerTo(question, _recent);
                Send(from, Host.Liar?.Answers(question, answer) ?? answer, _simulator.Now);
                break;
            case Parcel.Answer answered:
                Sync.OnAnswer(from, answered);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public Signature Sign(in Statement statement)
    {
        if (Host.IsHonest)
        {
            _simulator.Watch.Signs(Host, statement);
        }

        return _simulator.Signatures.Sign(Self, statement);
    }

    /// <inheritdoc/>
    void IWorld.Send(Envelope envelope, Recipients to)
    {
        Host.Death.Pass(DeathPoint.BetweenWords);
        if (Host.Liar is { } liar)
        {
            liar.Says(envelope, to);
        }
        else
        {
            Say(envelope, to);
        }
    }

    /// <summary>Encodes once and sends the same bytes to all.</summary>
    public void Say(Envelope envelope, Recipients to)
    {
        var parcel = new Parcel.Consensus(_simulator.Protocol.Encode(envelope));
        if (to.Only is { } only)
        {
            foreach (var host in _simulator.HostsOf(only))
            {
                Send(host, parcel, _busyUntil);
            }
        }
        else
        {
            Broadcast(parcel, _busyUntil);
        }
    }

    public void Broadcast(Parcel parcel, TimeSpan departs)
    {
        foreach (var host in _simulator.Hosts)
        {
            Send(host, parcel, departs);
        }
    }

    public void Send(Host to, Parcel parcel, TimeSpan departs)
    {
        if (to != Host && to.Self != Self)
        {
            _simulator.Network.Send(Host, to, parcel, departs);
        }
    }

    /// <inheritdoc/>
    public void Carry(Effect effect)
    {
        switch (effect)
        {
            case Effect.Decide decide:
                Executor.Finalise(decide.Decision);
                break;
            case Effect.SetTimer timer:
                SetTimer(timer.Timer, timer.After);
                break;
            case Effect.RequestProposal request:
                Executor.Propose(request.Request);
                break;
            case Effect.ValidateBlock validate:
                _recent.Add(validate.Block);
                Executor.Validate(validate.Block, validate.IsVouched);
                break;
            case Effect.FetchBlock fetch:
                Sync.Fetch(fetch.Hash, fetch.Height);
                break;
            case Effect.CatchUp catchUp:
                Sync.CatchUp(catchUp.Target, catchUp.From, isNeeded: false);
                break;
            case Effect.InstallSnapshot install:
                Sync.CatchUp(install.Height, install.From, isNeeded: true);
                break;
            case Effect.ReadReady ready:
                Reads.OnReady(ready.Id, ready.Height);
                break;
            case Effect.ReadRefused refused:
                Reads.OnRefused(refused.Id);
                break;
            case Effect.Note note:
                OnNotice(note.Notice);
                break;
            default:
                break;
        }
    }

    public void OnProposed(ProposalRequest request, Block block)
    {
        block = Host.Liar?.Proposes(request, block) ?? block;
        _recent.Add(block);
        Post(new Input.Proposed(request, block));
    }

    /// <summary>Runs later, by this host's clock, unless the process ends before.</summary>
    public void After(TimeSpan delay, Action happening)
        => _simulator.Agenda.After(Host.InTheWorld(delay), () => IfAlive(happening));

    public void IfAlive(Action happening) => Host.WhenAwake(() =>
    {
        if (!IsOver)
        {
            happening();
        }
    });

    private void OnEnvelope(Host from, byte[] bytes)
    {
        _simulator.Trace.Add(_simulator.Now, TraceKind.Arrives, Host.Id, from.Id, bytes);
        if (!_simulator.Protocol.TryDecode(bytes, out var envelope, out var fault))
        {
            Tell(TraceKind.Arrives, from.Id, $"what is no message: {fault}");
            return;
        }

        if (_simulator.Protocol.Check(
            Machine.Epoch, envelope, from.Self, out var reason, out var isLater) is not { } verified)
        {
            Tell(TraceKind.Arrives, from.Id, $"{envelope.Message}, refused: {reason}");
            if (isLater)
            {
                Post(new Input.PeerIsAhead(from.Self));
            }

            return;
        }

        Tell(TraceKind.Arrives, from.Id, envelope.Message);
        if (Host.IsHonest)
        {
            _simulator.Watch.Accepts(Host, envelope);
        }

        if (Host.Liar?.Hears(envelope) != false)
        {
            Post(new Input.Received(verified));
        }
    }

    private void DueTurn()
    {
        if (!_turnIsDue)
        {
            _turnIsDue = true;
            _simulator.Agenda.At(_busyUntil, () => IfAlive(Turn));
        }
    }

    private void Turn()
    {
        _turnIsDue = false;
        _turn.Clear();
        var count = Math.Min(TurnMax, _inbox.Count);
        _turn.AddRange(_inbox.GetRange(0, count));
        _inbox.RemoveRange(0, count);
        _simulator.Trace.Add(_simulator.Now, TraceKind.Turn, Host.Id, count);
        var frames = Host.Journal.Frames;

        // What is said leaves when the write that it rests on has returned.
        _busyUntil = _simulator.Now + (((Step * count) + SyncedWrite) * Host.Slowness);
        if (!_simulator.Survives(Host, () => _replica.Turn(_turn)))
        {
            return;
        }

        if (frames == Host.Journal.Frames)
        {
            _busyUntil = _simulator.Now + (Step * Host.Slowness);
        }

        if (_replica.HasOwnWords || _inbox.Count > 0)
        {
            DueTurn();
        }
        else if (Host.IsHonest)
        {
            _simulator.Watch.Rests(Host, Engine);
        }
    }

    /// <summary>One timer of a kind runs at a time: a new setting makes the old one stale.</summary>
    private void SetTimer(EngineTimer timer, TimeSpan after)
    {
        _timers[timer.Kind] = timer;
        After(after, () =>
        {
            if (_timers.TryGetValue(timer.Kind, out var last) && last == timer)
            {
                Post(new Input.TimerFired(timer, Host.Elapsed));
            }
        });
    }

    private void OnNotice(Notice notice)
    {
        _simulator.Watch.Noticed(Host, notice);
        if (notice is Notice.Equivocation equivocation)
        {
            Witness.OnNotice(equivocation);
        }
        else if (notice is Notice.EnteredView or Notice.LeaderChanged)
        {
            Executor.OnViewEntered();
        }
        else if (notice is Notice.ProposalDropped)
        {
            Executor.OnProposalDropped();
        }

        if (_simulator.Trace.IsHeard && notice is not Notice.PhaseReached)
        {
            _simulator.Trace.Tell(_simulator.Now, TraceKind.Notice, Host.Id, -1, Words.Of(notice));
        }
    }

    private void Tell(TraceKind kind, int peer, object text)
    {
        if (_simulator.Trace.IsHeard)
        {
            _simulator.Trace.Tell(_simulator.Now, kind, Host.Id, peer, text.ToString() ?? "");
        }
    }
}
