using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// One validator of a <see cref="Cluster"/>: the product's replica, engine and gate over a simulated disk. Everything it
/// asks of the world is handed to the cluster.
/// </summary>
public sealed class SimulatedNode : IWorld, IVoice
{
    private readonly Cluster _cluster;
    private readonly Queue<Input> _inbox = new();
    private Replica? _replica;
    private bool _isRunning;

    internal SimulatedNode(Cluster cluster, ValidatorIndex self)
    {
        _cluster = cluster;
        Self = self;
    }

    public ValidatorIndex Self { get; }

    public Digest Chain => _cluster.Chain;

    public SimulatedDisk Disk { get; private set; } = new();

    /// <summary>Null while crashed.</summary>
    public PbftEngine? Engine { get; private set; }

    public bool IsAlive => Engine is not null;

    /// <summary>How many envelopes still leave; the next one kills the node instead.</summary>
    public int? SendsUntilDeath { get; set; }

    /// <summary>The proposal that the engine waits for, if any.</summary>
    public ProposalRequest? Requested { get; private set; }

    /// <summary>Payloads that this node's executor refuses.</summary>
    public ISet<string> Refuses { get; } = new HashSet<string>();

    /// <summary>Payloads whose time lies too far from this node's clock by now.</summary>
    public ISet<string> FindsOld { get; } = new HashSet<string>();

    /// <summary>What the engine noticed, oldest first.</summary>
    public List<Notice> Notices { get; } = [];

    /// <summary>Reads that may be served from a height on.</summary>
    public Dictionary<ulong, Height> Reads { get; } = [];

    /// <summary>Reads that may not, and why.</summary>
    public Dictionary<ulong, string> RefusedReads { get; } = [];

    /// <summary>Blocks this node has met in this life, for peers that ask.</summary>
    internal Dictionary<Digest, Block> Met { get; } = [];

    public void Start()
    {
        var chain = Disk.Final;
        Digest[] recent = [_cluster.Genesis, .. chain.Select(block => block.Hash)];
        Engine = new(
            _cluster.Validators, Self, _cluster.Options, new(_cluster.Genesis, recent, new((ulong)chain.Count)));
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
        Met.Clear();
        _cluster.Forget(this);
    }

    /// <summary>Loses the disk with everything on it.</summary>
    public void LoseDisk() => Disk = new();

    /// <summary>Gives the engine one input and runs it to rest; from within a turn it waits for the next.</summary>
    public void Take(Input input) => Take([input]);

    /// <summary>Gives the engine several inputs as one turn.</summary>
    public void Take(IReadOnlyList<Input> inputs)
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

    /// <inheritdoc/>
    public Signature Sign(in Statement statement) => _cluster.Signatures.Sign(Self, statement);

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

        _cluster.Post(envelope, to);
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
                _cluster.SetTimer(this, timer.Timer, timer.After);
                break;
            case Effect.RequestProposal request:
                Requested = request.Request;
                _cluster.OnProposalRequested(this);
                break;
            case Effect.ValidateBlock validate:
                Met[validate.Block.Hash] = validate.Block;
                var payload = _cluster.PayloadOf(validate.Block.Hash);
                var isRefused = Refuses.Contains(payload) || (!validate.IsVouched && FindsOld.Contains(payload));
                _inbox.Enqueue(new Input.Judged(validate.Block.Hash, isRefused ? $"{payload} is refused" : null));
                break;
            case Effect.FetchBlock fetch:
                _cluster.Fetch(this, fetch.Hash);
                break;
            case Effect.CatchUp catchUp:
                _cluster.CatchUp(this, catchUp.From);
                break;
            case Effect.ReadReady ready:
                Reads[ready.Id] = ready.Height;
                break;
            case Effect.ReadRefused refused:
                RefusedReads[refused.Id] = refused.Reason;
                break;
            case Effect.Note note:
                Notices.Add(note.Notice);
                break;
            default:
                break;
        }
    }

    internal void Answer(Block block)
    {
        if (Requested is { } request)
        {
            Requested = null;
            Met[block.Hash] = block;
            Take(new Input.Proposed(request, block));
        }
    }

    private void OnDecide(Decision decision)
    {
        Disk.Finalise(decision);
        foreach (var block in decision.Blocks)
        {
            Met[block.Hash] = block;
            _cluster.OnFinal(this, block);
        }

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
