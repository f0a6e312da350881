using Ledger.Consensus.Pbft;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>Agreement on blocks while the primary is correct (OSDI '99 §4.2).</summary>
public sealed class NormalCaseTests
{
    /// <summary>OSDI '99, Figure 1: normal case operation, four replicas, replica 3 faulty.</summary>
    [Fact]
    public void Figure_1_a_request_commits_with_replica_3_silent()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[3].Crash();

        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Deliver<Commit>();

        Assert.Equal(
            """
            R0 says PRE-PREPARE v0 h1 apple
            R1 says PREPARE v0 h1 apple
            R2 says PREPARE v0 h1 apple
            R2 says COMMIT v0 h1 apple
            R0 says COMMIT v0 h1 apple
            R1 says COMMIT v0 h1 apple
            R1 commits h1 apple
            R0 commits h1 apple
            R2 commits h1 apple
            """,
            cluster.Transcript);
    }

    [Fact]
    public void A_window_of_blocks_is_under_way_before_the_first_commits()
    {
        var cluster = new Cluster(replicas: 4);
        string[] payloads = ["a", "b", "c", "d", "e", "f", "g", "h"];
        foreach (var payload in payloads)
        {
            cluster.Propose(replica: 0, payload);
        }

        Assert.Null(cluster.Nodes[0].Requested);
        cluster.DeliverAll();
        Assert.All(cluster.Nodes, node =>
            Assert.Equal(payloads, node.Disk.Final.Select(b => cluster.PayloadOf(b.Hash))));
        Assert.NotNull(cluster.Nodes[0].Requested);
    }

    [Fact]
    public void Blocks_become_final_in_height_order_whatever_order_their_votes_come_in()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "first");
        cluster.Propose(replica: 0, "second");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>(packet => packet.Envelope.Message is Prepare { Subject.Height.Value: 2 });
        cluster.Deliver<Commit>(packet => packet.Envelope.Message is Commit { Subject.Height.Value: 2 });

        // A commit certificate for the second block makes the first final with it.
        Assert.Contains(
            "R1 commits h1 first\nR1 commits h2 second", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void One_vote_below_the_quorum_prepares_nothing()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[2].Crash();
        cluster.Nodes[3].Crash();
        cluster.Propose(replica: 0, "apple");
        cluster.DeliverAll();

        Assert.DoesNotContain("COMMIT", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replica_alone_is_a_quorum_of_one()
    {
        var cluster = new Cluster(replicas: 1);
        cluster.Propose(replica: 0, "apple");
        Assert.EndsWith("R0 commits h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(10)]
    public void Clusters_of_other_sizes_commit(int replicas)
    {
        var cluster = new Cluster(replicas);
        cluster.Propose(replica: 0, "apple");
        cluster.DeliverAll();
        Assert.All(cluster.Nodes, node => Assert.Single(node.Disk.Final));
    }

    [Fact]
    public void A_replica_does_not_prepare_what_its_executor_refuses()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].Refuses.Add("rotten");
        cluster.Propose(replica: 0, "rotten");
        cluster.Deliver<PrePrepare>();

        Assert.DoesNotContain("R1 says PREPARE", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains(cluster.Nodes[1].Notices, notice => notice is Notice.InvalidProposal);
    }

    [Fact]
    public void A_proposal_beyond_the_window_is_ignored()
    {
        var cluster = new Cluster(replicas: 4, PbftOptions.Default with { Window = 2 });
        var far = cluster.MakeBlock(new(0), new(4), default, "far");
        cluster.Forge(0, new PrePrepare(new(0), far), to: 1);
        cluster.Deliver<PrePrepare>();
        Assert.DoesNotContain("R1 says", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void An_idle_network_is_silent()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Submit("apple");
        cluster.DeliverAll();
        while (cluster.FireNextTimer())
        {
            Assert.True(cluster.Now < TimeSpan.FromMinutes(1), "timers keep running with nothing pending");
            cluster.DeliverAll();
        }

        Assert.Empty(cluster.InFlight);
        Assert.All(cluster.Nodes, node => Assert.Equal(new Core.View(0), node.Engine!.View));
        Assert.All(cluster.Nodes, node => Assert.Single(node.Disk.Final));
    }
}
