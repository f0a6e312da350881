using Ledger.Consensus.Raft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// Replicas of Raft that a scenario moves by hand: clocks tick when they are told to, and the paper's
/// invariants are checked after every turn of every node (<see cref="RaftInvariants"/>).
/// </summary>
internal sealed class RaftCluster : SteppedCluster<RaftNode>
{
    private readonly RaftOptions _options;
    private readonly RaftGate _gate;
    private readonly RaftInvariants _invariants = new();
    private int _made;

    /// <param name="nodes">All that are registered.</param>
    /// <param name="options">Of all of them.</param>
    /// <param name="members">Those of genesis; all by default.</param>
    /// <param name="seed">Of their lots.</param>
    public RaftCluster(int nodes, RaftOptions? options = null, Membership? members = null, ulong seed = 1)
        : base(nodes)
    {
        _options = options ?? RaftOptions.Default;
        Seed = seed * 1_000_000;
        Members = members ?? new([.. Enumerable.Range(0, nodes).Select(i => new ValidatorIndex(i))], [], []);
        _gate = new(() => nodes, Chain, Signatures);
        Nodes = [.. Enumerable.Range(0, nodes).Select(i => new RaftNode(this, new(i)))];
        foreach (var node in Nodes)
        {
            node.Start();
        }
    }

    public Membership Members { get; }

    public ulong Seed { get; }

    /// <summary>The one leader of the latest term, if any.</summary>
    public RaftNode? Leader
        => Nodes.Where(node => node.Engine is { IsLeader: true }).MaxBy(node => node.Engine!.Term);

    public RaftOptions OptionsOf(ValidatorIndex node)
        => _options with { IsWitness = Members.Witnesses.Contains(node) };

    /// <summary>
    /// This node misses its leader and wins the election; no word is lost unless it is left out.
    /// </summary>
    public void Elect(int node, Func<Packet, bool>? only = null)
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
    public static bool IsElection(Packet packet)
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

    /// <summary>Final blocks as a peer serves them, with the certificate over the last.</summary>
    public CertifiedSegment Segment(IEnumerable<Block> blocks, SteppedDisk from)
    {
        List<Block> served = [.. blocks];
        var certificate = from.Certificates.First(known => known.Subject.Block == served[^1].Hash);
        return _gate.CheckSegment(served, certificate, Members.Voters)
            ?? throw new InvalidOperationException("a correct peer serves what verifies");
    }

    public void OnFinal(RaftNode node, Block block)
    {
        WriteFinal(node, block);
        _invariants.OnFinal(block);
    }

    /// <summary>Every certificate must convince someone who knows only the registered keys.</summary>
    public void OnCertified(Decision decision)
    {
        var certificate = decision.Certificates[^1];
        var voters = certificate.Signers.Select(signer => signer.Validator).ToList();
        Invariant.Holds(
            _gate.CheckSegment(decision.Blocks, certificate, voters) is not null,
            "a certificate's signatures hold");
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

    /// <summary>Two blocks with one payload are two.</summary>
    protected override Timestamp TimeOf(Height height) => new(++_made);

    /// <summary>Nobody lies here: what was said arrives as it was said.</summary>
    protected override Verified? Verify(RaftNode to, Packet packet)
    {
        var encoded = RaftCodec.EncodeEnvelope(packet.Envelope);
        Invariant.Holds(
            RaftCodec.TryDecodeEnvelope(encoded, out var envelope, out var fault),
            $"{packet} reads back: {fault}");
        var verified = _gate.Check(envelope, packet.From, out var reason);
        Invariant.Holds(verified is not null, $"{packet} passes the gate: {reason}");
        return verified;
    }

    protected override void OnPosted(Envelope envelope) => _invariants.OnSaid(envelope);

    private static void PassElectionTicks(RaftNode node)
    {
        while (node.Engine is { IsLeader: false, HearsLeader: true })
        {
            node.Tick();
        }
    }
}
