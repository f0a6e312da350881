using Ledger.Consensus.Pbft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>L5: a linearizable read sees everything that anyone was told of before it was asked.</summary>
public sealed class ReadTests
{
    private static readonly PbftOptions SaidOnce =
        PbftOptions.Default with { RepeatEvery = TimeSpan.FromHours(1) };

    [Fact]
    public void A_read_waits_for_what_a_quorum_knows_to_be_prepared()
    {
        var cluster = OnlyReplica1Knows();
        Read(cluster, 3);
        cluster.DeliverAll(packet => IsAboutReads(packet) && packet.To.Value != 1);
        Assert.Empty(cluster.Nodes[3].Reads);
        Assert.Empty(cluster.Nodes[3].RefusedReads);
        cluster.CatchUp(cluster.Nodes[3], new(1));
        Assert.Equal(new Height(1), cluster.Nodes[3].Reads[1]);
    }

    /// <summary>A view change may have given the block up: asking again finds out.</summary>
    [Fact]
    public void A_read_whose_height_does_not_become_final_is_refused_after_a_while()
    {
        var cluster = OnlyReplica1Knows();
        Read(cluster, 3);
        cluster.DeliverAll(packet => IsAboutReads(packet) && packet.To.Value != 1);
        cluster.Advance(2 * SaidOnce.AskEvery);
        Assert.Empty(cluster.Nodes[3].Reads);
        Assert.Equal("height 1 is not final here yet", cluster.Nodes[3].RefusedReads[1]);
    }

    [Fact]
    public void One_answer_below_the_quorum_serves_no_read()
    {
        var cluster = New();
        Read(cluster, 3);
        cluster.DeliverAll(packet => packet.From.Value is 0 or 3 && packet.To.Value is 0 or 3);
        Assert.Empty(cluster.Nodes[3].Reads);
        cluster.DeliverAll();
        Assert.Equal(Height.Genesis, cluster.Nodes[3].Reads[1]);
    }

    [Fact]
    public void A_replica_that_answers_twice_counts_once()
    {
        var cluster = New();
        Read(cluster, 3);
        cluster.DeliverAll(packet => packet.Envelope.Message is ReadQuery && packet.To.Value == 0);
        var answer = cluster.InFlight.ToList().FindIndex(packet => packet.Envelope.Message is ReadAnswer);
        cluster.DeliverAt(answer, duplicated: true);
        cluster.DeliverAt(answer);
        Assert.Empty(cluster.Nodes[3].Reads);
    }

    [Fact]
    public void Who_is_alone_refuses_and_says_how_many_answered()
    {
        var cluster = New(PbftOptions.Default);
        foreach (var node in cluster.Nodes.Take(3))
        {
            node.Crash();
        }

        Read(cluster, 3, id: 1);
        Read(cluster, 3, id: 2);
        cluster.Advance(2 * PbftOptions.Default.AskEvery);
        Assert.Empty(cluster.Nodes[3].Reads);
        Assert.StartsWith(
            "only 1 of the 3 validators that make a quorum answered", cluster.Nodes[3].RefusedReads[1],
            StringComparison.Ordinal);
        Assert.Equal([1UL, 2UL], cluster.Nodes[3].RefusedReads.Keys.Order());
    }

    [Fact]
    public void A_lost_question_is_put_again()
    {
        var cluster = New(PbftOptions.Default);
        Read(cluster, 3);
        cluster.Drop<ReadQuery>();
        cluster.Advance(PbftOptions.Default.AskEvery);
        cluster.DeliverAll();
        Assert.Equal(Height.Genesis, cluster.Nodes[3].Reads[1]);
    }

    /// <summary>An answer may have been given before the later read came, and a write in between.</summary>
    [Fact]
    public void A_read_that_comes_while_a_question_is_under_way_shares_the_next()
    {
        var cluster = New();
        Read(cluster, 3, id: 1);
        cluster.Deliver<ReadQuery>();
        Read(cluster, 3, id: 2);
        Read(cluster, 3, id: 3);
        cluster.Deliver<ReadAnswer>();
        Assert.Equal([1UL], cluster.Nodes[3].Reads.Keys);
        cluster.Deliver<ReadQuery>();
        cluster.Deliver<ReadAnswer>();
        Assert.Equal([1UL, 2UL, 3UL], cluster.Nodes[3].Reads.Keys.Order());
    }

    [Fact]
    public void An_answer_to_an_earlier_question_serves_no_read()
    {
        var cluster = New();
        Read(cluster, 3, id: 7);
        cluster.Deliver<ReadQuery>();
        cluster.Restart(3);
        Read(cluster, 3, id: 8);
        cluster.Deliver<ReadAnswer>();
        Assert.Empty(cluster.Nodes[3].Reads);
    }

    /// <summary>
    /// What a view left behind above the new view's base was never committed, and may never be final.
    /// </summary>
    [Fact]
    public void What_a_view_change_has_given_up_is_not_waited_for()
    {
        var cluster = New();
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();

        // Replica 3 alone prepares the block, and sleeps through the change of views.
        cluster.Deliver<Prepare>(packet => packet.To.Value == 3);
        cluster.Drop<Prepare>();
        cluster.Drop<Commit>();
        cluster.Advance(SaidOnce.ViewTimeout);
        cluster.DeliverAll(packet =>
            packet.Envelope.Message is ViewChange && packet.From.Value != 3 && packet.To.Value != 3);
        cluster.DeliverAll(packet => packet.Envelope.Message is NewView);
        Assert.All(cluster.Nodes, node =>
            Assert.Equal((new View(1), true), (node.Engine!.View, node.Engine.HasEntered)));

        Read(cluster, 3);
        cluster.DeliverAll(IsAboutReads);
        Assert.Equal(Height.Genesis, cluster.Nodes[3].Reads[1]);
    }

    [Fact]
    public void A_certificate_that_no_quorum_signed_is_refused_at_the_gate()
    {
        var cluster = New();
        var gate = cluster.Nodes[0].Gate;
        Subject subject = new(new(0), new(1_000_000), cluster.Genesis);
        var forged = new QuorumCertificate(
            StatementKind.Prepare, subject,
            [new(new(0), cluster.Signatures.Sign(new(0), subject.Prepare(cluster.Chain)))]);
        Assert.Null(
            gate.Check(new(new(0), new ReadAnswer(1, forged, Height.Genesis)), new(0), out var reason));
        Assert.Equal("bad_certificate", reason);
    }

    [Fact]
    public void A_replica_alone_answers_itself()
    {
        var cluster = new Cluster(replicas: 1);
        cluster.Propose(replica: 0, "apple");
        Read(cluster, 0);
        Assert.Equal(new Height(1), cluster.Nodes[0].Reads[1]);
    }

    [Fact]
    public void Too_many_reads_are_refused()
    {
        var cluster = New();
        for (var id = 1UL; id <= 4097; id++)
        {
            Read(cluster, 3, id);
        }

        Assert.Equal("too many reads wait", cluster.Nodes[3].RefusedReads[4097]);
    }

    /// <summary>Replica 1 alone has told a client that the block is final.</summary>
    private static Cluster OnlyReplica1Knows()
    {
        var cluster = New();
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>(packet => packet.To.Value != 3);
        cluster.Drop<Prepare>();
        cluster.Deliver<Commit>(packet => packet.To.Value == 1);
        cluster.Drop<Commit>();
        Assert.Single(cluster.Nodes[1].Disk.Final);
        Assert.Empty(cluster.Nodes[0].Disk.Final);
        return cluster;
    }

    private static Cluster New(PbftOptions? options = null) => new(replicas: 4, options ?? SaidOnce);

    private static bool IsAboutReads(Packet packet) => packet.Envelope.Message is ReadQuery or ReadAnswer;

    private static void Read(Cluster cluster, int replica, ulong id = 1)
        => cluster.Nodes[replica].Take(new Input.ReadRequested(id, cluster.Now));
}
