using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// How a leader is found, and how one is not disturbed (Raft §5.2; dissertation §4.2.3, §9.6).
/// </summary>
public sealed class ElectionTests
{
    [Fact]
    public void A_follower_that_misses_its_leader_asks_campaigns_and_leads()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);

        Assert.Equal(
            """
            R0 says REQUEST-VOTE t1 last #0/t0
            R1 says VOTE t1 for R0
            R2 says VOTE t1 for R0
            R0 leads t1
            R1 says APPENDED t1 #1
            R2 says APPENDED t1 #1
            """,
            cluster.Transcript);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void Clusters_of_any_size_find_a_leader_by_themselves(int nodes)
    {
        var cluster = new RaftCluster(nodes);
        cluster.RunToLeader();
        cluster.Propose("apple");
        cluster.Run(2);
        Assert.All(cluster.Nodes, node => Assert.Equal(["apple"], node.FinalPayloads));
    }

    [Fact]
    public void A_voter_alone_leads_at_once_and_is_a_majority()
    {
        var cluster = new RaftCluster(1);
        cluster.Propose("apple");
        Assert.EndsWith("R0 commits h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void One_vote_below_the_majority_elects_nobody()
    {
        var cluster = new RaftCluster(4);
        cluster.Nodes[2].Crash();
        cluster.Nodes[3].Crash();
        cluster.Run(10 * RaftOptions.Default.ElectionTicks);
        Assert.Null(cluster.Leader);
    }

    [Fact]
    public void A_dead_leader_is_replaced_within_a_second_at_the_default_patience()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            var cluster = new RaftCluster(3, seed: seed);
            var first = cluster.RunToLeader();
            first.Crash();
            var died = cluster.Now;
            cluster.RunToLeader();
            Assert.True(cluster.Now - died < TimeSpan.FromSeconds(1), $"seed {seed}: {cluster.Now - died}");
        }
    }

    [Fact]
    public void The_same_seed_draws_the_same_lots()
    {
        var (first, second) = (new RaftCluster(5, seed: 7), new RaftCluster(5, seed: 7));
        first.RunToLeader();
        second.RunToLeader();
        Assert.Equal(first.Transcript, second.Transcript);
    }

    /// <summary>
    /// Dissertation §9.6: one that was away asks first, and so disturbs nobody when it is back.
    /// </summary>
    [Fact]
    public void A_partitioned_node_rejoins_without_disturbing()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Partition(2);
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(RaftRole.PreCandidate, cluster.Nodes[2].Engine!.Role);
        Assert.Equal(new Term(1), cluster.Nodes[2].Engine!.Term);

        cluster.Heal();
        cluster.Run(5 * RaftOptions.Default.ElectionTicks);
        Assert.True(cluster.Nodes[0].Engine!.IsLeader);
        Assert.All(cluster.Nodes, node => Assert.Equal(new Term(1), node.Engine!.Term));
        Assert.Equal(new ValidatorIndex(0), cluster.Nodes[2].Engine!.Leader);
    }

    /// <summary>Dissertation §4.2.3: those who hear the leader do not even answer one who does not.</summary>
    [Fact]
    public void A_candidate_of_a_later_term_does_not_depose_a_leader_that_is_heard()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(1);
        cluster.Nodes[2].Tick(2 * RaftOptions.Default.ElectionTicks);
        cluster.Drop<PreVote>();
        var request = new RequestVote(new(2), new(5), new(9), new(4), IsTransfer: false);
        cluster.Forge(2, request, 0);
        cluster.Forge(2, request, 1);
        cluster.DeliverAll();

        Assert.True(cluster.Nodes[0].Engine!.IsLeader);
        Assert.All(cluster.Nodes.Take(2), node => Assert.Equal(new Term(1), node.Engine!.Term));
    }

    /// <summary>
    /// Dissertation §6.2: its words go out, none comes back; it must not keep the others from electing one.
    /// </summary>
    [Fact]
    public void A_leader_with_a_one_way_link_steps_down()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(2);
        cluster.CutLink(1, 0);
        cluster.CutLink(2, 0);
        cluster.Run(6 * RaftOptions.Default.ElectionTicks);

        Assert.Contains(
            cluster.Nodes[0].Notices,
            notice => notice is Notice.SteppedDown { Reason: "no majority of the voters answers" });
        Assert.True(cluster.Leader is { } leader && leader.Self != new ValidatorIndex(0));
        cluster.Propose("apple");
        cluster.Run(3);
        Assert.All(cluster.Nodes.Skip(1), node => Assert.Equal(["apple"], node.FinalPayloads));
    }

    /// <summary>The other way: it hears all and nobody hears it; the others go on without it.</summary>
    [Fact]
    public void A_leader_that_nobody_hears_is_replaced()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(2);
        cluster.CutLink(0, 1);
        cluster.CutLink(0, 2);
        cluster.Run(6 * RaftOptions.Default.ElectionTicks);
        Assert.False(cluster.Nodes[0].Engine!.IsLeader);
        Assert.NotNull(cluster.Leader);
    }

    [Fact]
    public void A_leader_without_a_majority_steps_down_and_says_so()
    {
        var cluster = new RaftCluster(5);
        cluster.Elect(0);
        cluster.Partition(0, 1);
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.False(cluster.Nodes[0].Engine!.IsLeader);
        Assert.Null(cluster.Nodes[0].Engine!.Leader);
    }

    [Fact]
    public void A_stale_tick_is_ignored()
    {
        var cluster = new RaftCluster(3);
        var stale = cluster.Nodes[0].Timer;
        cluster.Nodes[0].Tick();
        for (var i = 0; i < 100; i++)
        {
            cluster.Nodes[0].Take(new Input.TimerFired(stale));
        }

        Assert.Equal(RaftRole.Follower, cluster.Nodes[0].Engine!.Role);
    }
}
