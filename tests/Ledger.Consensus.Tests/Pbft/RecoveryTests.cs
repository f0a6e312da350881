using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>A crash at any point costs time, never a promise.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public void A_restarted_replica_does_not_vote_twice()
    {
        var cluster = new Cluster(replicas: 4);
        var heads = cluster.MakeBlock(new(0), new(1), cluster.Genesis, "heads");
        var tails = cluster.MakeBlock(new(0), new(1), cluster.Genesis, "tails");
        cluster.Forge(0, new PrePrepare(View.Zero, heads), 1);
        cluster.Deliver<PrePrepare>();
        cluster.Restart(1);
        cluster.Drop<Message>();

        cluster.Forge(0, new PrePrepare(View.Zero, tails), 1);
        cluster.DeliverAll();
        Assert.DoesNotContain("R1 says PREPARE v0 h1 tails", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_persisted_was_not_said()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].Disk.WritesUntilDeath = 0;
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();

        Assert.False(cluster.Nodes[1].IsAlive);
        Assert.DoesNotContain("R1 says", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_persisted_and_not_said_is_said_after_the_restart()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].SendsUntilDeath = 0;
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        Assert.DoesNotContain("R1 says", cluster.Transcript, StringComparison.Ordinal);

        cluster.Restart(1);
        Assert.Contains("R1 says PREPARE v0 h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restarted_replica_still_asks_for_the_view_it_asked_for()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Restart(1);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();

        Assert.False(cluster.Nodes[1].Engine!.HasEntered);
        Assert.DoesNotContain("R1 says PREPARE", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void All_four_crash_in_the_middle_and_what_was_prepared_commits_after_the_restart()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Submit("apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Message>();
        foreach (var node in cluster.Nodes)
        {
            node.Crash();
        }

        for (var i = 0; i < 4; i++)
        {
            cluster.Restart(i);
        }

        cluster.DeliverAll();
        Assert.All(cluster.Nodes, node => Assert.Equal("apple", cluster.PayloadOf(node.Disk.Final[0].Hash)));
    }

    [Fact]
    public void A_replica_that_was_away_catches_up_and_votes_again()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[3].Crash();
        for (var i = 0; i < 20; i++)
        {
            cluster.Submit($"block-{i}");
            cluster.DeliverAll();
        }

        cluster.Restart(3);
        cluster.DeliverAll();
        Assert.Equal(20, cluster.Nodes[3].Disk.Final.Count);

        cluster.ClearTranscript();
        cluster.Submit("after");
        cluster.DeliverAll();
        Assert.Contains("R3 says PREPARE v0 h21 after", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// The base of the view lies below all that it remembers of the chain; what is committed in the view
    /// descends from it all the same.
    /// </summary>
    [Fact]
    public void A_replica_that_was_away_for_longer_than_it_remembers_votes_in_a_view_that_others_opened()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[3].Crash();
        cluster.Submit("base");
        cluster.DeliverAll();
        foreach (var node in cluster.Nodes)
        {
            node.Take(new Input.RequestOverdue(View.Zero));
        }

        cluster.DeliverAll();
        for (var i = 0; i <= FinalChain.Memory; i++)
        {
            cluster.Submit($"block-{i}");
            cluster.DeliverAll();
        }

        cluster.Restart(3);
        cluster.DeliverAll();
        Assert.Equal(FinalChain.Memory + 2, cluster.Nodes[3].Disk.Final.Count);

        cluster.Submit("after");
        cluster.DeliverAll();
        cluster.Submit("later");
        cluster.DeliverAll();
        Assert.Contains("R3 says PREPARE v1 h259 after", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains("R3 says PREPARE v1 h260 later", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compacted_journal_rebuilds_the_same_vote()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        var disk = cluster.Nodes[1].Disk;
        var safety = new Safety(new([cluster.Genesis], Height.Genesis), cluster.Nodes[1].Epoch);
        foreach (var record in disk.Records())
        {
            safety.Apply(record);
        }

        disk.Replace([.. safety.Compacted()]);
        cluster.Restart(1);
        Assert.Contains("R1 says PREPARE v0 h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }
}
