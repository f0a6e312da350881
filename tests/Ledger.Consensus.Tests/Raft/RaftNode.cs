using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// One validator of a <see cref="RaftCluster"/>: the product's replica and engine over a simulated disk.
/// </summary>
internal sealed class RaftNode(RaftCluster cluster, ValidatorIndex self) : IWorld, IVoice
{
    private readonly Queue<Input> _inbox = new();
    private Replica? _replica;
    private bool _isRunning;
    private int _starts;

    public ValidatorIndex Self => self;

    public Digest Chain => cluster.Chain;

    public RaftDisk Disk { get; } = new();

    /// <summary>Null while crashed.</summary>
    public RaftEngine? Engine { get; private set; }

    public bool IsAlive => Engine is not null;

    public RaftOptions Options => cluster.OptionsOf(self);

    /// <summary>How many envelopes still leave; the next one kills the node instead.</summary>
    public int? SendsUntilDeath { get; set; }

    /// <summary>The proposal that the engine waits for, if any.</summary>
    public ProposalRequest? Requested { get; private set; }

    /// <summary>The engine's clock, as it was last set.</summary>
    public EngineTimer Timer { get; private set; }

    /// <summary>How fast this machine's clock runs.</summary>
    public double Rate { get; set; } = 1;

    public TimeSpan LocalNow => cluster.Now * Rate;

    public List<Notice> Notices { get; } = [];

    /// <summary>Reads that may be served, by id, from this height.</summary>
    public SortedDictionary<ulong, Height> Reads { get; } = [];

    public SortedDictionary<ulong, string> RefusedReads { get; } = [];

    /// <summary>Snapshots that the engine wants and the cluster does not deliver by itself.</summary>
    public List<Effect.InstallSnapshot> Wanted { get; } = [];

    public string Log => string.Join(' ', Entries.Select(entry => entry.Term));

    public IEnumerable<LogEntry> Entries
    {
        get
        {
            var log = Engine!.Log;
            for (var index = log.FirstIndex; index <= log.LastIndex; index = index.Next)
            {
                yield return log[index];
            }
        }
    }

    public IEnumerable<string> FinalPayloads => Disk.Final.Select(block => cluster.PayloadOf(block.Hash));

    public override string ToString() => Engine is { } engine
        ? $"R{self} {engine.Role} t{engine.Term} #{engine.Log.Start.Index}..#{engine.LastIndex}/t{engine.Log.LastTerm}"
            + $" committed #{engine.CommitIndex} h{engine.Committed} follows {engine.Leader} {engine.Configuration}"
        : $"R{self} is dead";

    public void Start()
    {
        Digest[] recent = [cluster.Genesis, .. Disk.Final.Select(block => block.Hash)];
        var head = new FinalHead(cluster.Genesis, recent, new((ulong)Disk.Final.Count));
        Engine = new(cluster.Members, self, Options, head, (ulong)((self.Value * 1000) + ++_starts) + cluster.Seed);
        _replica = new(Engine, Disk, this, this);
        _inbox.Clear();
        _replica.Recover(Disk.Records());
        RunToRest();
    }

    public void Crash()
    {
        Engine = null;
        _replica = null;
        Requested = null;
        SendsUntilDeath = null;
        Disk.WritesUntilDeath = null;
        Wanted.Clear();
    }

    public void Take(params IReadOnlyList<Input> inputs)
    {
        if (!IsAlive)
        {
            return;
        }

        foreach (var input in inputs)
        {
            _inbox.Enqueue(input);
        }

        RunToRest();
    }

    /// <summary>Lets this node's clock alone go on.</summary>
    public void Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Take(new Input.TimerFired(Timer, LocalNow));
        }
    }

    /// <inheritdoc/>
    public Signature Sign(in Statement statement) => cluster.Signatures.Sign(self, statement);

    /// <inheritdoc/>
    public void Send(Envelope envelope, Recipients to)
    {
        if (SendsUntilDeath is { } left)
        {
            SendsUntilDeath = left - 1;
            if (left <= 0)
            {
                throw new SimulatedDeathException();
            }
        }

        cluster.Post(envelope, to);
    }

    /// <inheritdoc/>
    public void Carry(Effect effect)
    {
        switch (effect)
        {
            case Effect.Decide decide:
                OnDecide(decide.Decision);
                break;
            case Effect.SetTimer timer:
                Timer = timer.Timer;
                break;
            case Effect.RequestProposal request:
                Requested = request.Request;
                break;
            case Effect.ReadReady read:
                Reads[read.Id] = read.Height;
                break;
            case Effect.ReadRefused read:
                RefusedReads[read.Id] = read.Reason;
                break;
            case Effect.InstallSnapshot install:
                Wanted.Add(install);
                break;
            case Effect.Note note:
                Notices.Add(note.Notice);
                cluster.OnNotice(this, note.Notice);
                break;
            default:
                break;
        }
    }

    public void Answer(Block block)
    {
        if (Requested is { } request)
        {
            Requested = null;
            Take(new Input.Proposed(request, block));
        }
    }

    /// <summary>The world brings the state here that the engine wants, from whoever it named.</summary>
    public bool InstallWanted()
    {
        if (!IsAlive || Wanted.Count == 0)
        {
            return false;
        }

        var wanted = Wanted[^1];
        Wanted.Clear();
        var from = cluster.Nodes[wanted.From.Value].Disk.Final;
        if ((ulong)from.Count < wanted.Height.Value)
        {
            return false;
        }

        for (var i = Disk.Final.Count; i < (int)wanted.Height.Value; i++)
        {
            Disk.Final.Add(from[i]);
        }

        Take(
            new Input.SnapshotReceived(wanted.Height, 1000),
            new Input.SnapshotInstalled(new((ulong)Disk.Final.Count), Disk.Final[^1].Hash));
        return true;
    }

    private void OnDecide(Decision decision)
    {
        Disk.Finalise(decision);
        foreach (var block in decision.Blocks)
        {
            cluster.OnFinal(this, block);
        }

        cluster.OnCertified(decision);
        _inbox.Enqueue(new Input.Finalised(decision.Blocks[^1].Height));
    }

    private void RunToRest()
    {
        if (_isRunning)
        {
            return;
        }

        _isRunning = true;
        try
        {
            while (_replica is { } replica && (replica.HasOwnWords || _inbox.Count > 0))
            {
                Input[] turn = [.. _inbox];
                _inbox.Clear();
                replica.Turn(turn);
                cluster.AfterTurn(this);
            }
        }
        catch (SimulatedDeathException)
        {
            Crash();
        }
        finally
        {
            _isRunning = false;
        }
    }
}
