using Ledger.Consensus.Pbft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>
/// Replicas of PBFT that a scenario moves by hand: their timers fire when time is advanced, proposals are
/// answered from what clients have submitted.
/// </summary>
internal sealed class Cluster : SteppedCluster<SimulatedNode>
{
    private readonly List<(TimeSpan Due, ulong Order, SimulatedNode Node, EngineTimer Timer)> _timers = [];
    private readonly SortedDictionary<Height, Digest> _finalByHeight = [];
    private readonly List<string> _waiting = [];

    /// <summary>
    /// The validators after a block, for those blocks that changed them and what stands on them.
    /// </summary>
    private readonly SortedDictionary<Digest, ValidatorSet> _validatorsAfter = [];
    private ulong _order;

    /// <param name="replicas">Those of genesis.</param>
    /// <param name="options">The same for all.</param>
    /// <param name="spares">Further ones, which a block may add.</param>
    public Cluster(int replicas, PbftOptions? options = null, int spares = 0)
        : base(replicas + spares)
    {
        Options = options ?? PbftOptions.Default;
        Validators = new([.. Enumerable.Range(0, replicas).Select(MemberAt)], Quorums.Byzantine(replicas));
        Nodes = [.. Enumerable.Range(0, replicas + spares).Select(i => new SimulatedNode(this, new(i)))];
        foreach (var node in Nodes)
        {
            node.Start();
        }
    }

    /// <summary>The validators of genesis.</summary>
    public ValidatorSet Validators { get; }

    public PbftOptions Options { get; }

    /// <summary>Everything that left a replica, before anything can happen to it.</summary>
    public Action<Envelope>? OnSaid { get; set; }

    /// <summary>Timers that have not fired.</summary>
    public bool AnyTimer => _timers.Count > 0;

    /// <summary>Who certifies what stands on this block.</summary>
    public ValidatorSet ValidatorsAfter(Digest block)
        => _validatorsAfter.GetValueOrDefault(block, Validators);

    /// <summary>A client's transaction reaches every live validator's mempool.</summary>
    public void Submit(string payload)
    {
        _waiting.Add(payload);
        foreach (var node in Nodes)
        {
            node.Take(new Input.WorkPending(true));
            OnProposalRequested(node);
        }
    }

    /// <summary>Moves the clock and fires what comes due, in order.</summary>
    public void Advance(TimeSpan by)
    {
        var until = Now + by;
        while (NextTimer() is { } next && next.Due <= until)
        {
            Fire(next);
        }

        Now = until;
    }

    /// <summary>Moves the clock to the next timer and fires it. False when none is set.</summary>
    public bool FireNextTimer()
    {
        if (NextTimer() is not { } next)
        {
            return false;
        }

        Fire(next);
        return true;
    }

    public override void Connect(SimulatedNode node)
    {
        node.Take(new Input.WorkPending(_waiting.Count > 0));
        base.Connect(node);
    }

    public void SetTimer(SimulatedNode node, EngineTimer timer, TimeSpan after)
        => _timers.Add((Now + after, ++_order, node, timer));

    public void Forget(SimulatedNode node) => _timers.RemoveAll(timer => timer.Node == node);

    /// <summary>
    /// Answers a primary when it needs no work to propose, or when work waits that it has not proposed.
    /// </summary>
    public void OnProposalRequested(SimulatedNode node)
    {
        if (node.Requested is not { } request)
        {
            return;
        }

        var under = UncommittedUnder(node, request.Parent);
        var next = _waiting.Find(payload => !under.Contains(payload));
        if (next is not null || request.AllowEmpty)
        {
            var payload = next ?? $"empty-{request.View}-{request.Height}";
            node.Answer(MakeBlock(node.Self, request.Height, request.Parent, payload));
        }
    }

    public void OnFinal(SimulatedNode node, Block block)
    {
        WriteFinal(node, block);
        Invariant.Holds(
            _finalByHeight.TryAdd(block.Height, block.Hash) || _finalByHeight[block.Height] == block.Hash,
            $"agreement at height {block.Height}");
        var payload = PayloadOf(block.Hash);
        if (Nodes.All(
            peer => !peer.IsAlive || peer.Disk.Final.Any(final => PayloadOf(final.Hash) == payload)))
        {
            _waiting.Remove(payload);
        }

        var finals = node.Disk.Final.Select(final => PayloadOf(final.Hash)).ToHashSet();
        if (_waiting.TrueForAll(finals.Contains))
        {
            node.Take(new Input.WorkPending(false));
        }
    }

    public void Fetch(SimulatedNode node, Digest hash)
    {
        foreach (var peer in Nodes)
        {
            if (peer.IsAlive && peer.Met.TryGetValue(hash, out var block))
            {
                node.Take(new Input.Fetched(block));
                return;
            }
        }
    }

    public void CatchUp(SimulatedNode node, ValidatorIndex from)
    {
        var peer = Nodes[from.Value];
        var have = node.Disk.Final.Count;
        if (!peer.IsAlive || peer.Disk.Certificates is not [.., var last]
            || last.Subject.Height.Value <= (ulong)have)
        {
            return;
        }

        // A segment ends where its epoch does: only who has made that final can check what follows.
        Block[] blocks = [.. peer.Disk.Final.Skip(have).Take((int)last.Subject.Height.Value - have)];
        var ends = Array.FindIndex(blocks, block => block.Header.EndsEpoch);
        blocks = ends < 0 ? blocks : blocks[..(ends + 1)];
        var certificate = peer.Disk.Certificates.First(each => each.Subject.Height == blocks[^1].Height);
        var segment = node.Gate.CheckSegment(blocks, certificate);
        Invariant.Holds(segment is not null, "a correct peer serves what verifies");
        node.AsksOn = ends < 0 ? null : from;
        node.Take(new Input.Synced(segment));
    }

    /// <summary>The same payload at the same place is the same block.</summary>
    protected override Timestamp TimeOf(Height height) => new((long)height.Value);

    /// <summary>What a liar has put on its way need not pass.</summary>
    protected override Verified? Verify(SimulatedNode to, Packet packet)
    {
        var encoded = PbftCodec.EncodeEnvelope(packet.Envelope);
        if (!PbftCodec.TryDecodeEnvelope(encoded, out var envelope, out _))
        {
            return null;
        }

        var verified = to.Gate.Check(envelope, packet.From, out var reason);
        if (reason == PbftGate.LaterEpoch)
        {
            to.Take(new Input.PeerIsAhead(packet.From));
        }

        if (verified is null)
        {
            return null;
        }

        if (envelope.Message is PrePrepare proposal)
        {
            to.Met[proposal.Block.Hash] = proposal.Block;
        }

        return verified;
    }

    /// <remarks>A payload such as "add 4, remove 1" changes the validators.</remarks>
    protected override (Digest Now, Digest Next) ValidatorsOf(Digest parent, string payload)
    {
        var before = ValidatorsAfter(parent);
        return (before.Hash, (before.With(ChangesIn(payload)) ?? before).Hash);
    }

    protected override void OnMade(Block block, string payload)
    {
        var before = ValidatorsAfter(block.Parent);
        var after = before.With(ChangesIn(payload)) ?? before;
        if (after != Validators)
        {
            _validatorsAfter[block.Hash] = after;
        }
    }

    protected override void OnPosted(Envelope envelope) => OnSaid?.Invoke(envelope);

    protected override void OnRestart(SimulatedNode node) => Write($"R{node.Self} restarts");

    private (TimeSpan Due, ulong Order, SimulatedNode Node, EngineTimer Timer)? NextTimer()
        => _timers.Count == 0 ? null : _timers.MinBy(timer => (timer.Due, timer.Order));

    private void Fire((TimeSpan Due, ulong Order, SimulatedNode Node, EngineTimer Timer) next)
    {
        _timers.Remove(next);
        Now = next.Due > Now ? next.Due : Now;
        next.Node.Take(new Input.TimerFired(next.Timer));
    }

    private static Validator MemberAt(int seat)
        => new($"validator-{seat}", new(Sha256.Hash([(byte)seat]).ToArray()));

    private static List<SeatChange> ChangesIn(string payload)
    {
        List<SeatChange> changes = [];
        foreach (var change in payload.Split(", "))
        {
            if (change.Split(' ') is ["add" or "remove", var number])
            {
                var seat = int.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
                changes.Add(new(new(seat), change[0] == 'a' ? MemberAt(seat) : null));
            }
        }

        return [.. changes.OrderBy(change => change.Seat)];
    }

    private HashSet<string> UncommittedUnder(SimulatedNode node, Digest parent)
    {
        HashSet<string> payloads = [.. node.Disk.Final.Select(block => PayloadOf(block.Hash))];
        while (node.Met.TryGetValue(parent, out var block))
        {
            payloads.Add(PayloadOf(block.Hash));
            parent = block.Parent;
        }

        return payloads;
    }
}
