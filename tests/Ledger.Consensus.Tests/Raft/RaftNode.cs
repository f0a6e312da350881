using Ledger.Consensus.Raft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>One validator of a <see cref="RaftCluster"/>, with a clock of its own.</summary>
internal sealed class RaftNode(RaftCluster cluster, ValidatorIndex self) : SteppedNode(
    self, new(RaftCodec.EncodeRecord, bytes =>
        RaftCodec.TryDecodeRecord(bytes, out var record, out _) ? record : null))
{
    private int _starts;

    /// <inheritdoc/>
    public override Digest Chain => cluster.Chain;

    /// <summary>Null while crashed.</summary>
    public RaftEngine? Engine { get; private set; }

    public RaftOptions Options => cluster.OptionsOf(Self);

    /// <summary>The engine's clock, as it was last set.</summary>
    public EngineTimer Timer { get; private set; }

    /// <summary>How fast this machine's clock runs.</summary>
    public double Rate { get; set; } = 1;

    public TimeSpan LocalNow => cluster.Now * Rate;

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
        ? $"R{Self} {engine.Role} t{engine.Term} "
            + $"#{engine.Log.Start.Index}..#{engine.LastIndex}/t{engine.Log.LastTerm}"
            + $" committed #{engine.CommitIndex} h{engine.Committed} follows {engine.Leader} "
            + $"{engine.Configuration}"
        : $"R{Self} is dead";

    public override void Crash()
    {
        base.Crash();
        Engine = null;
        Wanted.Clear();
    }

    /// <summary>Lets this node's clock alone go on.</summary>
    public void Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Take(new Input.TimerFired(Timer, LocalNow));
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

    /// <inheritdoc/>
    public override Signature Sign(in Statement statement) => cluster.Signatures.Sign(Self, statement);

    protected override IEngine MakeEngine()
    {
        Digest[] recent = [cluster.Genesis, .. Disk.Final.Select(block => block.Hash)];
        var head = new FinalHead(cluster.Genesis, recent, new((ulong)Disk.Final.Count));
        return Engine = new(
            cluster.Members, Self, Options, head, (ulong)((Self.Value * 1000) + ++_starts) + cluster.Seed);
    }

    protected override void Post(Envelope envelope, Recipients to) => cluster.Post(envelope, to);

    protected override void OnDecided(Decision decision)
    {
        foreach (var block in decision.Blocks)
        {
            cluster.OnFinal(this, block);
        }

        cluster.OnCertified(decision);
    }

    protected override void OnNotice(Notice notice) => cluster.OnNotice(this, notice);

    protected override void AfterTurn() => cluster.AfterTurn(this);

    protected override void CarryOther(Effect effect)
    {
        switch (effect)
        {
            case Effect.SetTimer timer:
                Timer = timer.Timer;
                break;
            case Effect.InstallSnapshot install:
                Wanted.Add(install);
                break;
            default:
                break;
        }
    }
}
