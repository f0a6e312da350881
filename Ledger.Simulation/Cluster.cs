using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>A message on its way.</summary>
public sealed record Packet(ValidatorIndex From, ValidatorIndex To, Envelope Envelope)
{
    public override string ToString() => $"R{From} to R{To}: {Envelope.Message}";
}

/// <summary>
/// A whole network of validators on a virtual clock, in one thread. Nothing moves by itself: messages wait in flight
/// until they are delivered, dropped or delivered twice, timers until time is advanced. What the replicas say and
/// commit is written down as a transcript, which a scenario compares with the paper's figure.
/// </summary>
public sealed class Cluster
{
    private readonly List<string> _transcript = [];
    private readonly SortedDictionary<string, string> _payloads = new(StringComparer.Ordinal);
    private readonly List<Packet> _inFlight = [];
    private readonly List<(TimeSpan Due, ulong Order, SimulatedNode Node, EngineTimer Timer)> _timers = [];
    private readonly SortedDictionary<Height, Digest> _finalByHeight = [];
    private readonly List<string> _waiting = [];

    /// <summary>The validators after a block, for those blocks that changed them and what stands on them.</summary>
    private readonly SortedDictionary<Digest, ValidatorSet> _validatorsAfter = [];
    private ulong _order;

    /// <param name="replicas">Those of genesis.</param>
    /// <param name="options">The same for all.</param>
    /// <param name="spares">Further ones, which a block may add.</param>
    public Cluster(int replicas, PbftOptions? options = null, int spares = 0)
    {
        Options = options ?? PbftOptions.Default;
        Signatures = new(replicas + spares);
        Validators = new([.. Enumerable.Range(0, replicas).Select(MemberAt)], Quorums.Byzantine(replicas));
        Chain = Sha256.Hash("simulated chain"u8);
        Genesis = Sha256.Hash("simulated genesis block"u8);
        Nodes = [.. Enumerable.Range(0, replicas + spares).Select(i => new SimulatedNode(this, new(i)))];
        foreach (var node in Nodes)
        {
            node.Start();
        }
    }

    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>The validators of genesis.</summary>
    public ValidatorSet Validators { get; }

    public PbftOptions Options { get; }

    public Digest Chain { get; }

    public Digest Genesis { get; }

    public SimulatedSignatures Signatures { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Messages that were said and have not arrived, oldest first.</summary>
    public IReadOnlyList<Packet> InFlight => _inFlight;

    /// <summary>Everything that left a replica, before anything can happen to it.</summary>
    public Action<Envelope>? OnSaid { get; set; }

    /// <summary>What was said and committed so far, a line each.</summary>
    public string Transcript => string.Join('\n', _transcript);

    /// <summary>Timers that have not fired.</summary>
    public bool AnyTimer => _timers.Count > 0;

    /// <summary>Forgets the transcript, so that a scenario can look at its last act alone.</summary>
    public void ClearTranscript() => _transcript.Clear();

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

    /// <summary>Answers a primary's wish for a block.</summary>
    public void Propose(int replica, string payload)
    {
        var node = Nodes[replica];
        var request = node.Requested ?? throw new InvalidOperationException($"R{replica} asked for no block");
        node.Answer(MakeBlock(node.Self, request.Height, request.Parent, payload));
    }

    /// <summary>Delivers what is in flight and of this kind, in the order it was said.</summary>
    public void Deliver<TMessage>(Func<Packet, bool>? only = null)
        where TMessage : Message
    {
        foreach (var packet in TakeOut<TMessage>(only))
        {
            Deliver(packet);
        }
    }

    /// <summary>Loses what is in flight and of this kind.</summary>
    public void Drop<TMessage>(Func<Packet, bool>? only = null)
        where TMessage : Message
        => TakeOut<TMessage>(only);

    /// <summary>Delivers everything until nothing is in flight.</summary>
    public void DeliverAll(Func<Packet, bool>? only = null)
    {
        for (var packets = TakeOut<Message>(only); packets.Count > 0; packets = TakeOut<Message>(only))
        {
            foreach (var packet in packets)
            {
                Deliver(packet);
            }
        }
    }

    /// <summary>Takes one message out of flight: lost, delivered, or delivered twice.</summary>
    public void DeliverAt(int position, bool lost = false, bool duplicated = false)
    {
        var packet = _inFlight[position];
        if (!duplicated)
        {
            _inFlight.RemoveAt(position);
        }

        if (!lost)
        {
            Deliver(packet);
        }
    }

    /// <summary>Puts a message on its way as a liar would: signed by whom it names, whatever it says.</summary>
    public void Forge(int from, PromiseMessage message, params int[] to)
    {
        var sender = new ValidatorIndex(from);
        var envelope = new Envelope(sender, message, Signatures.Sign(sender, message.StatementOn(Chain)));
        foreach (var receiver in to)
        {
            _inFlight.Add(new(sender, new(receiver), envelope));
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

    /// <summary>A crashed validator comes back with what its disk holds, and its peers connect to it.</summary>
    public void Restart(int replica)
    {
        var node = Nodes[replica];
        if (node.IsAlive)
        {
            node.Crash();
        }

        _transcript.Add($"R{replica} restarts");
        node.Start();
        Connect(node);
    }

    /// <summary>Connections of this node come up anew, so that both ends repeat what was lost.</summary>
    public void Connect(SimulatedNode node)
    {
        node.Take(new Input.WorkPending(_waiting.Count > 0));
        foreach (var peer in Nodes)
        {
            if (peer != node && peer.IsAlive)
            {
                node.Take(new Input.PeerConnected(peer.Self));
                peer.Take(new Input.PeerConnected(node.Self));
            }
        }
    }

    /// <summary>A block with this payload, named by it in the transcript.</summary>
    /// <remarks>A payload such as "add 4, remove 1" changes the validators.</remarks>
    public Block MakeBlock(ValidatorIndex proposer, Height height, Digest parent, string payload)
    {
        var before = ValidatorsAfter(parent);
        var after = before.With(ChangesIn(payload)) ?? before;
        var header = new BlockHeader(
            "simulation", height, parent, new((long)height.Value), proposer, TransactionTree.RootOf([]), default,
            Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(payload)), before.Hash, after.Hash);
        var block = new Block(header, []);
        _payloads[block.Hash.ToShortString()] = payload;
        if (after != Validators)
        {
            _validatorsAfter[block.Hash] = after;
        }

        return block;
    }

    /// <summary>Who certifies what stands on this block.</summary>
    public ValidatorSet ValidatorsAfter(Digest block) => _validatorsAfter.GetValueOrDefault(block, Validators);

    /// <summary>The name of a block in transcripts.</summary>
    public string PayloadOf(Digest block)
        => _payloads.TryGetValue(block.ToShortString(), out var payload) ? payload : "genesis";

    internal void Post(Envelope envelope, Recipients to)
    {
        OnSaid?.Invoke(envelope);
        if (envelope.Message is PromiseMessage)
        {
            Write($"R{envelope.From} says {envelope.Message}");
        }

        foreach (var node in Nodes)
        {
            if (to.Only is { } only ? node.Self == only : node.Self != envelope.From)
            {
                _inFlight.Add(new(envelope.From, node.Self, envelope));
            }
        }
    }

    internal void SetTimer(SimulatedNode node, EngineTimer timer, TimeSpan after)
        => _timers.Add((Now + after, ++_order, node, timer));

    internal void Forget(SimulatedNode node) => _timers.RemoveAll(timer => timer.Node == node);

    /// <summary>Answers a primary when it needs no work to propose, or when work waits that it has not proposed.</summary>
    internal void OnProposalRequested(SimulatedNode node)
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

    internal void OnFinal(SimulatedNode node, Block block)
    {
        Write($"R{node.Self} commits h{block.Height} {block.Hash.ToShortString()}");
        Invariant.Holds(
            _finalByHeight.TryAdd(block.Height, block.Hash) || _finalByHeight[block.Height] == block.Hash,
            $"agreement at height {block.Height}");
        var payload = PayloadOf(block.Hash);
        if (Nodes.All(peer => !peer.IsAlive || peer.Disk.Final.Any(final => PayloadOf(final.Hash) == payload)))
        {
            _waiting.Remove(payload);
        }

        var finals = node.Disk.Final.Select(final => PayloadOf(final.Hash)).ToHashSet();
        if (_waiting.TrueForAll(finals.Contains))
        {
            node.Take(new Input.WorkPending(false));
        }
    }

    internal void Fetch(SimulatedNode node, Digest hash)
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

    internal void CatchUp(SimulatedNode node, ValidatorIndex from)
    {
        if (!Nodes[from.Value].IsAlive)
        {
            return;
        }

        var peer = Nodes[from.Value].Disk;
        var have = node.Disk.Final.Count;
        var last = peer.Certificates.Keys.LastOrDefault();
        if (last.Value > (ulong)have)
        {
            // A segment ends where its epoch does: only who has made that final can check what follows.
            Block[] blocks = [.. peer.Final.Skip(have).Take((int)last.Value - have)];
            var ends = Array.FindIndex(blocks, block => block.Header.EndsEpoch);
            blocks = ends < 0 ? blocks : blocks[..(ends + 1)];
            var segment = node.Gate.CheckSegment(blocks, peer.Certificates[blocks[^1].Height]);
            Invariant.Holds(segment is not null, "a correct peer serves what verifies");
            node.AsksOn = ends < 0 ? null : from;
            node.Take(new Input.Synced(segment));
        }
    }

    private void Deliver(Packet packet)
    {
        var node = Nodes[packet.To.Value];
        var encoded = PbftCodec.EncodeEnvelope(packet.Envelope);
        if (!node.IsAlive || !PbftCodec.TryDecodeEnvelope(encoded, out var envelope, out _))
        {
            return;
        }

        var verified = node.Gate.Check(envelope, packet.From, out var reason);
        if (reason == PbftGate.LaterEpoch)
        {
            node.Take(new Input.PeerIsAhead(packet.From));
        }

        if (verified is not null)
        {
            if (envelope.Message is PrePrepare proposal)
            {
                node.Met[proposal.Block.Hash] = proposal.Block;
            }

            node.Take(new Input.Received(verified));
        }
    }

    private List<Packet> TakeOut<TMessage>(Func<Packet, bool>? only)
        where TMessage : Message
    {
        var taken = _inFlight.FindAll(packet => packet.Envelope.Message is TMessage && (only?.Invoke(packet) ?? true));
        _inFlight.RemoveAll(taken.Contains);
        return taken;
    }

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

    private void Write(string line)
    {
        foreach (var (hash, payload) in _payloads)
        {
            line = line.Replace(hash, payload, StringComparison.Ordinal);
        }

        _transcript.Add(line.Replace(Genesis.ToShortString(), "genesis", StringComparison.Ordinal));
    }
}
