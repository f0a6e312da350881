using Ledger.Consensus.Pbft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>
/// One validator of a <see cref="Cluster"/>: what it asks of the world, the cluster answers.
/// </summary>
internal sealed class SimulatedNode(Cluster cluster, ValidatorIndex self) : SteppedNode(
    self, new(PbftCodec.EncodeRecord, bytes =>
        PbftCodec.TryDecodeRecord(bytes, out var record, out _) ? record : null))
{
    private PbftGate? _gate;

    /// <inheritdoc/>
    public override Digest Chain => cluster.Chain;

    /// <summary>Null while crashed.</summary>
    public PbftEngine? Engine { get; private set; }

    /// <summary>The epoch of the block after the last that is final here.</summary>
    public Epoch Epoch { get; private set; } = FirstEpoch(cluster);

    /// <summary>Whom it asks for what follows, once the next epoch has begun here.</summary>
    public ValidatorIndex? AsksOn { get; set; }

    public PbftGate Gate => _gate ??= new(() => Epoch, cluster.Chain, cluster.Signatures);

    /// <summary>Payloads that this node's executor refuses.</summary>
    public ISet<string> Refuses { get; } = new HashSet<string>();

    /// <summary>Payloads whose time lies too far from this node's clock by now.</summary>
    public ISet<string> FindsOld { get; } = new HashSet<string>();

    /// <summary>Blocks this node has met in this life, for peers that ask.</summary>
    public Dictionary<Digest, Block> Met { get; } = [];

    public override void Crash()
    {
        base.Crash();
        Engine = null;
        Met.Clear();
        cluster.Forget(this);
    }

    /// <inheritdoc/>
    public override Signature Sign(in Statement statement) => cluster.Signatures.Sign(Self, statement);

    protected override IEngine MakeEngine()
    {
        Digest[] recent = [cluster.Genesis, .. Disk.Final.Select(block => block.Hash)];
        Epoch = Disk.Final.Where(block => block.Header.EndsEpoch).Aggregate(FirstEpoch(cluster), EpochAfter);
        return Engine = new(
            Epoch, SeatIn(Epoch), cluster.Options,
            new(cluster.Genesis, recent, new((ulong)Disk.Final.Count)));
    }

    protected override void Post(Envelope envelope, Recipients to) => cluster.Post(envelope, to);

    protected override void OnRequested() => cluster.OnProposalRequested(this);

    protected override void OnAnswer(Block block) => Met[block.Hash] = block;

    protected override void OnDecided(Decision decision)
    {
        foreach (var block in decision.Blocks)
        {
            Met[block.Hash] = block;
            cluster.OnFinal(this, block);
        }
    }

    protected override void AfterFinalised(Decision decision)
    {
        if (decision.Blocks[^1] is { Header.EndsEpoch: true } last)
        {
            Epoch = EpochAfter(Epoch, last);
            Reply(new Input.EpochBegan(Epoch, SeatIn(Epoch)));
            if (AsksOn is { } peer)
            {
                AsksOn = null;
                cluster.CatchUp(this, peer);
            }
        }
    }

    protected override void CarryOther(Effect effect)
    {
        switch (effect)
        {
            case Effect.SetTimer timer:
                cluster.SetTimer(this, timer.Timer, timer.After);
                break;
            case Effect.ValidateBlock validate:
                Met[validate.Block.Hash] = validate.Block;
                var payload = cluster.PayloadOf(validate.Block.Hash);
                var isRefused = Refuses.Contains(payload)
                    || (!validate.IsVouched && FindsOld.Contains(payload));
                Reply(new Input.Judged(validate.Block.Hash, isRefused ? $"{payload} is refused" : null));
                break;
            case Effect.FetchBlock fetch:
                cluster.Fetch(this, fetch.Hash);
                break;
            case Effect.CatchUp catchUp:
                cluster.CatchUp(this, catchUp.From);
                break;
            default:
                break;
        }
    }

    private static Epoch FirstEpoch(Cluster cluster)
        => new(0, cluster.Validators, new(View.Zero, Height.Genesis, cluster.Genesis));

    private Epoch EpochAfter(Epoch before, Block last)
        => Epoch.After(before.Number + 1, cluster.ValidatorsAfter(last.Hash), last.Height, last.Hash);

    private ValidatorIndex SeatIn(Epoch epoch)
        => epoch.Validators.Contains(Self) ? Self : ValidatorIndex.None;
}
