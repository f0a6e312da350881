using Ledger.Core;
using Ledger.Crypto;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Stepped;

/// <summary>
/// One validator of a <see cref="SteppedCluster{TNode}"/>: the product's replica and engine over a disk that
/// may fail. It dies when it is told to, in the middle of whatever it does.
/// </summary>
internal abstract class SteppedNode(ValidatorIndex self, SteppedDisk disk) : IWorld, IVoice
{
    private readonly Queue<Input> _inbox = new();
    private Replica? _replica;
    private bool _isRunning;

    public ValidatorIndex Self => self;

    public SteppedDisk Disk { get; private set; } = disk;

    /// <inheritdoc/>
    public abstract Digest Chain { get; }

    public bool IsAlive => _replica is not null;

    /// <summary>How many envelopes still leave; the next one kills the node instead.</summary>
    public int? SendsUntilDeath { get; set; }

    /// <summary>The proposal that the engine waits for, if any.</summary>
    public ProposalRequest? Requested { get; private set; }

    /// <summary>What the engine noticed, oldest first.</summary>
    public List<Notice> Notices { get; } = [];

    /// <summary>Reads that may be served, by id, from this height.</summary>
    public SortedDictionary<ulong, Height> Reads { get; } = [];

    /// <summary>Reads that may not, and why.</summary>
    public SortedDictionary<ulong, string> RefusedReads { get; } = [];

    public void Start()
    {
        _replica = new(MakeEngine(), Disk, this, this);
        _inbox.Clear();
        _replica.Recover(Disk.Records());
        RunToRest();
    }

    public virtual void Crash()
    {
        _replica = null;
        Requested = null;
        SendsUntilDeath = null;
        Disk.WritesUntilDeath = null;
    }

    /// <summary>Loses the disk with everything on it.</summary>
    public void LoseDisk() => Disk = Disk.Blank();

    /// <summary>
    /// Gives the engine these inputs as one turn and runs it to rest; from within a turn they wait for the
    /// next.
    /// </summary>
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

    /// <summary>Gives the engine the block that it waits for.</summary>
    public void Answer(Block block)
    {
        if (Requested is { } request)
        {
            Requested = null;
            OnAnswer(block);
            Take(new Input.Proposed(request, block));
        }
    }

    /// <inheritdoc/>
    public abstract Signature Sign(in Statement statement);

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

        Post(envelope, to);
    }

    /// <inheritdoc/>
    public void Carry(Effect effect)
    {
        switch (effect)
        {
            case Effect.Decide decide:
                Disk.Finalise(decide.Decision);
                OnDecided(decide.Decision);
                _inbox.Enqueue(new Input.Finalised(decide.Decision.Blocks[^1].Height));
                AfterFinalised(decide.Decision);
                break;
            case Effect.RequestProposal request:
                Requested = request.Request;
                OnRequested();
                break;
            case Effect.ReadReady read:
                Reads[read.Id] = read.Height;
                break;
            case Effect.ReadRefused read:
                RefusedReads[read.Id] = read.Reason.ToString();
                break;
            case Effect.Note note:
                Notices.Add(note.Notice);
                OnNotice(note.Notice);
                break;
            default:
                CarryOther(effect);
                break;
        }
    }

    /// <summary>A new life, from what the disk holds.</summary>
    protected abstract IEngine MakeEngine();

    /// <summary>What was said goes on its way.</summary>
    protected abstract void Post(Envelope envelope, Recipients to);

    protected abstract void OnDecided(Decision decision);

    /// <summary>
    /// The engine will be told that the decision is durable; what it is told next comes after that.
    /// </summary>
    protected virtual void AfterFinalised(Decision decision)
    {
    }

    /// <summary>What only this engine asks of the world.</summary>
    protected abstract void CarryOther(Effect effect);

    protected virtual void OnRequested()
    {
    }

    protected virtual void OnAnswer(Block block)
    {
    }

    protected virtual void OnNotice(Notice notice)
    {
    }

    protected virtual void AfterTurn()
    {
    }

    /// <summary>An answer to what the engine asks within a turn: it comes with the next.</summary>
    protected void Reply(Input input) => _inbox.Enqueue(input);

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
                AfterTurn();
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
