using Ledger.Core;
using Ledger.Crypto;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Stepped;

/// <summary>A message on its way.</summary>
internal sealed record Packet(ValidatorIndex From, ValidatorIndex To, Envelope Envelope)
{
    public override string ToString() => $"R{From} to R{To}: {Envelope.Message}";
}

/// <summary>
/// A whole network in one thread, by hand. Nothing moves by itself: messages wait in flight until they are
/// delivered, dropped or delivered twice, clocks stand until they are moved. What the replicas promise and
/// commit is written down as a transcript, which a scenario compares with the paper's figure.
/// </summary>
internal abstract class SteppedCluster<TNode>(int replicas)
    where TNode : SteppedNode
{
    private readonly List<string> _transcript = [];
    private readonly SortedDictionary<string, string> _payloads = new(StringComparer.Ordinal);
    private readonly List<Packet> _inFlight = [];
    private readonly HashSet<(int From, int To)> _cut = [];

    public IReadOnlyList<TNode> Nodes { get; protected init; } = [];

    public Digest Chain { get; } = Sha256.Hash("simulated chain"u8);

    public Digest Genesis { get; } = Sha256.Hash("simulated genesis block"u8);

    public SimulatedSignatures Signatures { get; } = new(replicas);

    public TimeSpan Now { get; protected set; }

    /// <summary>Messages that were said and have not arrived, oldest first.</summary>
    public IReadOnlyList<Packet> InFlight => _inFlight;

    /// <summary>What was promised and committed so far, a line each.</summary>
    public string Transcript => string.Join('\n', _transcript);

    /// <summary>Forgets the transcript, so that a scenario can look at its last act alone.</summary>
    public void ClearTranscript() => _transcript.Clear();

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

    /// <summary>
    /// Puts a message on its way that its sender has not said: signed by whom it names, as a liar would.
    /// </summary>
    public void Forge(int from, Message message, params int[] to)
    {
        var sender = new ValidatorIndex(from);
        var signature = message is PromiseMessage promise
            ? Signatures.Sign(sender, promise.StatementOn(Chain)) : default;
        foreach (var receiver in to)
        {
            _inFlight.Add(new(sender, new(receiver), new(sender, message, signature)));
        }
    }

    /// <summary>What one says no longer reaches the other.</summary>
    public void CutLink(int from, int to) => _cut.Add((from, to));

    /// <summary>These and the others no longer hear each other.</summary>
    public void Partition(params int[] group)
    {
        foreach (var inside in group)
        {
            foreach (var node in Nodes)
            {
                if (!group.Contains(node.Self.Value))
                {
                    _cut.Add((inside, node.Self.Value));
                    _cut.Add((node.Self.Value, inside));
                }
            }
        }
    }

    public void Heal() => _cut.Clear();

    /// <summary>A validator comes back with what its disk holds, and its peers connect to it.</summary>
    public void Restart(int replica)
    {
        var node = Nodes[replica];
        node.Crash();
        OnRestart(node);
        node.Start();
        Connect(node);
    }

    /// <summary>Connections of this node come up anew, so that both ends repeat what was lost.</summary>
    public virtual void Connect(TNode node)
    {
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
    public Block MakeBlock(ValidatorIndex proposer, Height height, Digest parent, string payload)
    {
        var (validators, next) = ValidatorsOf(parent, payload);
        var header = new BlockHeader(
            "simulation", height, parent, TimeOf(height), proposer, TransactionTree.RootOf([]), default,
            Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(payload)), validators, next);
        var block = new Block(header, []);
        _payloads[block.Hash.ToShortString()] = payload;
        OnMade(block, payload);
        return block;
    }

    /// <summary>The name of a block in transcripts.</summary>
    public string PayloadOf(Digest block)
        => _payloads.TryGetValue(block.ToShortString(), out var payload) ? payload : "genesis";

    /// <summary>What a node says, before anything can happen to it.</summary>
    public void Post(Envelope envelope, Recipients to)
    {
        OnPosted(envelope);
        if (envelope.Message is PromiseMessage)
        {
            Write($"R{envelope.From} says {envelope.Message}");
        }

        foreach (var node in Nodes)
        {
            var isMeant = to.Only is { } only ? node.Self == only : node.Self != envelope.From;
            if (isMeant && !_cut.Contains((envelope.From.Value, node.Self.Value)))
            {
                _inFlight.Add(new(envelope.From, node.Self, envelope));
            }
        }
    }

    /// <summary>The hashes of the set that certifies a block and of the one after it.</summary>
    protected virtual (Digest Now, Digest Next) ValidatorsOf(Digest parent, string payload) => default;

    protected virtual void OnMade(Block block, string payload)
    {
    }

    protected abstract Timestamp TimeOf(Height height);

    /// <summary>Carries it over the wire and through the gate; null when it is not let in.</summary>
    protected abstract Verified? Verify(TNode to, Packet packet);

    protected virtual void OnPosted(Envelope envelope)
    {
    }

    protected virtual void OnRestart(TNode node)
    {
    }

    protected void WriteFinal(TNode node, Block block)
        => Write($"R{node.Self} commits h{block.Height} {block.Hash.ToShortString()}");

    protected void Write(string line)
    {
        foreach (var (hash, payload) in _payloads)
        {
            line = line.Replace(hash, payload, StringComparison.Ordinal);
        }

        _transcript.Add(line.Replace(Genesis.ToShortString(), "genesis", StringComparison.Ordinal));
    }

    private void Deliver(Packet packet)
    {
        var node = Nodes[packet.To.Value];
        if (node.IsAlive && Verify(node, packet) is { } verified)
        {
            node.Take(new Input.Received(verified));
        }
    }

    private List<Packet> TakeOut<TMessage>(Func<Packet, bool>? only)
        where TMessage : Message
    {
        var taken = _inFlight.FindAll(
            packet => packet.Envelope.Message is TMessage && (only?.Invoke(packet) ?? true));
        _inFlight.RemoveAll(taken.Contains);
        return taken;
    }
}
