using Ledger.Consensus.Pbft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>One validator of a <see cref="Cluster"/>: what it asks of the world, the cluster answers.</summary>
internal sealed class SimulatedNode(Cluster cluster, ValidatorIndex self) : SteppedNode(
    self, new(PbftCodec.EncodeRecord, bytes => PbftCodec.TryDecodeRecord(bytes, out var record, out _) ? record : null))
{
    /// <inheritdoc/>
    public override Digest Chain => cluster.Chain;

    /// <summary>Null while crashed.</summary>
    public PbftEngine? Engine { get; private set; }

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
        return Engine = new(
            cluster.Validators, Self, cluster.Options,
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
                var isRefused = Refuses.Contains(payload) || (!validate.IsVouched && FindsOld.Contains(payload));
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
}
