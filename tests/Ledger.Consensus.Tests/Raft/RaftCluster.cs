using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>A message on its way.</summary>
internal sealed record RaftPacket(ValidatorIndex From, ValidatorIndex To, Envelope Envelope)
{
    public override string ToString() => $"R{From} to R{To}: {Envelope.Message}";
}

/// <summary>
/// A whole Raft network in one thread. Nothing moves by itself: messages wait in flight, clocks stand until
/// they are advanced. What the replicas promise and commit is written down as a transcript, and the paper's
/// invariants are checked after every turn of every node (<see cref="RaftInvariants"/>).
/// </summary>
internal sealed class RaftCluster
{
    private readonly List<string> _transcript = [];
    private readonly SortedDictionary<string, string> _payloads = new(StringComparer.Ordinal);
    private readonly List<RaftPacket> _inFlight = [];
    private readonly HashSet<(int From, int To)> _cut = [];
    private readonly RaftOptions _options;
    private readonly RaftGate _gate;
    private readonly RaftInvariants _invariants = new();
    private int _made;

    /// <param name="nodes">All that are registered.</param>
    /// <param name="options">Of all of them.</param>
    /// <param name="members">Those of genesis; all by default.</param>
    /// <param name="seed">Of their lots.</param>
    public RaftCluster(int nodes, RaftOptions? options = null, Membership? members = null, ulong seed = 1)
    {
        _options = options ?? RaftOptions.Default;
        Seed = seed * 1_000_000;
        Signatures = new(nodes);
        Members = members ?? new([.. Enumerable.Range(0, nodes).Select(i => new ValidatorIndex(i))], [], []);
        Chain = Sha256.Hash("simulated chain"u8);
        Genesis = Sha256.Hash("simulated genesis block"u8);
        _gate = new(() => nodes, Chain, Signatures);
        Nodes = [.. Enumerable.Range(0, nodes).Select(i => new RaftNode(this, new(i)))];
        foreach (var node in Nodes)
        {
            node.Start();
        }
    }

    public IReadOnlyList<RaftNode> Nodes { get; }

    public Membership Members { get; }

    public ulong Seed { get; }

    public Digest Chain { get; }

    public Digest Genesis { get; }

    public SimulatedSignatures Signatures { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Messages that were said and have not arrived, oldest first.</summary>
    public IReadOnlyList<RaftPacket> InFlight => _inFlight;

    /// <summary>What was promised and committed so far, a line each.</summary>
    public string Transcript => string.Join('\n', _transcript);

    /// <summary>The one leader of the latest term, if any.</summary>
    public RaftNode? Leader => Nodes.Where(node => node.Engine is { IsLeader: true }).MaxBy(node => node.Engine!.Term);

    public void ClearTranscript() => _transcript.Clear();

    public RaftOptions OptionsOf(ValidatorIndex node)
        => _options with { IsWitness = Members.Witnesses.Contains(node) };

    /// <summary>
    /// This node misses its leader and wins the election; no word is lost unless it is left out.
    /// </summary>
    public void Elect(int node, Func<RaftPacket, bool>? only = null)
    {
        foreach (var other in Nodes)
        {
            if (other.Self.Value != node)
            {
                PassElectionTicks(other);
            }
        }

        // The first answers may only tell it of a later term.
        for (var attempt = 0; attempt < 2 && !Nodes[node].Engine!.IsLeader; attempt++)
        {
            Campaign(node);
            DeliverAll(only);
        }

        Assert.True(Nodes[node].Engine!.IsLeader, $"R{node} leads");
    }

    /// <summary>Only what elections are made of.</summary>
    public static bool IsElection(RaftPacket packet)
        => packet.Envelope.Message is PreVote or PreVoteReply or RequestVote or Vote or VoteRefused;

    /// <summary>This node's clock runs until it campaigns, or asks whether it may.</summary>
    public void Campaign(int node)
    {
        for (var i = 0; i <= 2 * _options.ElectionTicks && Nodes[node].Engine!.Role == RaftRole.Follower; i++)
        {
            Nodes[node].Tick();
        }
    }

    /// <summary>The leader proposes a block with this payload, if it asked for one.</summary>
    public void Propose(string payload)
    {
        var leader = Leader ?? throw new InvalidOperationException("nobody leads");
        Propose(leader.Self.Value, payload);
    }

    public void Propose(int node, string payload)
    {
        var request = Nodes[node].Requested ?? throw new InvalidOperationException($"R{node} asked for no block");
        Nodes[node].Answer(MakeBlock(Nodes[node].Self, request.Height, request.Parent, payload));
    }

    /// <summary>Delivers what is in flight and of this kind, in the order it was said.</summary>
    public void Deliver<TMessage>(Func<RaftPacket, bool>? only = null)
        where TMessage : Message
    {
        foreach (var packet in TakeOut<TMessage>(only))
        {
            Deliver(packet);
        }
    }

    /// <summary>Loses what is in flight and of this kind.</summary>
    public void Drop<TMessage>(Func<RaftPacket, bool>? only = null)
        where TMessage : Message
        => TakeOut<TMessage>(only);

    /// <summary>Delivers everything until nothing is in flight.</summary>
    public void DeliverAll(Func<RaftPacket, bool>? only = null)
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

    /// <summary>All clocks go on together, everything said arriving between two ticks.</summary>
    public void Run(int ticks)
    {
        for (var i = 0; i < ticks; i++)
        {
            TickAll();
            DeliverAll();
        }
    }

    public void TickAll()
    {
        Now += _options.TickEvery;
        foreach (var node in Nodes)
        {
            node.Tick();
        }
    }

    /// <summary>Runs until somebody leads and has told the others.</summary>
    public RaftNode RunToLeader()
    {
        for (var i = 0; i < 40 * _options.ElectionTicks; i++)
        {
            if (Leader is { Requested: not null } leader)
            {
                return leader;
            }

            Run(1);
        }

        Assert.Fail("nobody leads");
        return null!;
    }

    /// <summary>The common time goes on by itself: nobody's timer fires.</summary>
    public void Wait(TimeSpan time) => Now += time;

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

    public void Restart(int replica)
    {
        var node = Nodes[replica];
        node.Crash();
        node.Start();
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
        var header = new BlockHeader(
            "simulation", height, parent, new(++_made), proposer, TransactionTree.RootOf([]), default,
            Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(payload)), default, default);
        var block = new Block(header, []);
        _payloads[block.Hash.ToShortString()] = payload;
        return block;
    }

    public string PayloadOf(Digest block)
        => _payloads.TryGetValue(block.ToShortString(), out var payload) ? payload : "genesis";

    public void Post(Envelope envelope, Recipients to)
    {
        _invariants.OnSaid(envelope);
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

    /// <summary>Puts a message on its way that its sender has not said.</summary>
    public void Forge(int from, Message message, int to)
    {
        var sender = new ValidatorIndex(from);
        var signature = message is PromiseMessage promise ? Signatures.Sign(sender, promise.StatementOn(Chain)) : default;
        _inFlight.Add(new(sender, new(to), new(sender, message, signature)));
    }

    /// <summary>Final blocks as a peer serves them, with the certificate over the last.</summary>
    public CertifiedSegment Segment(IEnumerable<Block> blocks, RaftDisk from)
    {
        List<Block> served = [.. blocks];
        var certificate = from.Certificates.First(known => known.Subject.Block == served[^1].Hash);
        return _gate.CheckSegment(served, certificate, Members.Voters)
            ?? throw new InvalidOperationException("a correct peer serves what verifies");
    }

    public void OnFinal(RaftNode node, Block block)
    {
        Write($"R{node.Self} commits h{block.Height} {block.Hash.ToShortString()}");
        _invariants.OnFinal(block);
    }

    /// <summary>Every certificate must convince someone who knows only the registered keys.</summary>
    public void OnCertified(Decision decision)
    {
        var certificate = decision.Certificates[^1];
        var voters = certificate.Signers.Select(signer => signer.Validator).ToList();
        Invariant.Holds(
            _gate.CheckSegment(decision.Blocks, certificate, voters) is not null, "a certificate's signatures hold");
    }

    public void OnNotice(RaftNode node, Notice notice)
    {
        if (notice is Notice.LeaderChanged changed && changed.Leader == node.Self)
        {
            Write($"R{node.Self} leads t{changed.Term}");
        }
    }

    public void AfterTurn(RaftNode node)
    {
        if (node.Engine is { } engine)
        {
            _invariants.Check(node.Self, engine);
        }
    }

    private void Deliver(RaftPacket packet)
    {
        var node = Nodes[packet.To.Value];
        if (!node.IsAlive)
        {
            return;
        }

        var encoded = RaftCodec.EncodeEnvelope(packet.Envelope);
        Invariant.Holds(
            RaftCodec.TryDecodeEnvelope(encoded, out var envelope, out var fault), $"{packet} reads back: {fault}");
        var verified = _gate.Check(envelope, packet.From, out var reason);
        Invariant.Holds(verified is not null, $"{packet} passes the gate: {reason}");
        node.Take(new Input.Received(verified));
    }

    private static void PassElectionTicks(RaftNode node)
    {
        while (node.Engine is { IsLeader: false, HearsLeader: true })
        {
            node.Tick();
        }
    }

    private List<RaftPacket> TakeOut<TMessage>(Func<RaftPacket, bool>? only)
        where TMessage : Message
    {
        var taken = _inFlight.FindAll(packet => packet.Envelope.Message is TMessage && (only?.Invoke(packet) ?? true));
        _inFlight.RemoveAll(taken.Contains);
        return taken;
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
