using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// The ledger states the members, and whoever leads brings the log's configuration to that.
/// </summary>
public sealed class StatedTests
{
    [Fact]
    public void One_who_is_stated_as_a_learner_is_sent_everything_and_votes_once_it_is_stated_as_a_voter()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        State(cluster, voters: [0, 1, 2], learners: [3]);
        cluster.Run(4);
        Assert.All(cluster.Nodes, node =>
            Assert.Equal("{0 1 2} learning {3}", node.Engine!.Configuration.ToString()));

        State(cluster, voters: [0, 1, 2, 3]);
        cluster.Run(4);
        Assert.All(cluster.Nodes, node => Assert.Equal("{0 1 2 3}", node.Engine!.Configuration.ToString()));
        Assert.Contains(
            cluster.Nodes[0].Notices,
                notice => notice is Notice.MembersChanged { Phase: MembershipPhase.Joint });
    }

    [Fact]
    public void No_block_is_asked_for_until_the_voters_are_those_that_are_stated()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        State(cluster, voters: [0, 1, 2], learners: [3]);
        cluster.Run(4);
        cluster.Propose("before");
        cluster.DeliverAll();

        State(cluster, voters: [1, 2, 3], learners: []);
        Assert.True(cluster.Nodes[0].Engine!.Configuration.IsJoint);
        cluster.Propose("during");
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.ProposalDropped);
        cluster.RunToLeader();
        Assert.Equal("{1 2 3}", cluster.Leader!.Engine!.Configuration.ToString());
        cluster.Propose("after");
        cluster.Run(2);
        Assert.Equal(["before", "after"], cluster.Nodes[3].FinalPayloads);
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.Removed);
    }

    [Fact]
    public void A_change_that_its_leader_left_half_done_is_finished_by_the_next()
    {
        var cluster = With(5, voters: [0, 1, 2]);
        State(cluster, voters: [0, 1, 3]);
        cluster.DeliverAll(_ => !cluster.Nodes[1].Engine!.Configuration.IsJoint);
        cluster.Nodes[0].Crash();
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Equal("{0 1 3}", cluster.Leader!.Engine!.Configuration.ToString());
    }

    [Fact]
    public void A_change_that_nobody_has_begun_is_made_by_whoever_leads_next()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        cluster.Nodes[0].Crash();
        State(cluster, voters: [1, 2, 3]);
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Equal("{1 2 3}", cluster.Leader!.Engine!.Configuration.ToString());
    }

    [Fact]
    public void One_that_has_no_seat_says_nothing_and_asks_for_blocks()
    {
        var cluster = new RaftCluster(4, members: Members([0, 1, 2], []));
        cluster.Nodes[3].Take(
            new Input.MembersStated(Members([0, 1, 2], []), Height.Genesis, ValidatorIndex.None));
        cluster.Elect(0);
        cluster.Nodes[3].Tick(4 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(RaftRole.Follower, cluster.Nodes[3].Engine!.Role);
        Assert.DoesNotContain("R3 says", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void Whether_members_may_change_is_answered_in_words()
    {
        var cluster = With(5, voters: [0, 1, 2], RaftOptions.Default with { CaughtUpWithin = 2 });
        State(cluster, voters: [0, 1, 2], learners: [3]);
        cluster.Run(4);
        Assert.Null(Answer(cluster, 0, 1, 2, 3));
        Assert.Equal("the last voter cannot be removed", Answer(cluster));

        cluster.Nodes[3].Crash();
        for (var i = 0; i < 4; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll();
        }

        Assert.Equal("validator 3 is behind: it lacks 4 entries", Answer(cluster, 0, 1, 2, 3));
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.Equal("validator 3 is out of reach, and lacks 4 entries", Answer(cluster, 0, 1, 2, 3));
        Assert.Null(Answer(cluster, 0, 1));

        cluster.Nodes[1].Crash();
        cluster.Nodes[2].Crash();
        State(cluster, voters: [0, 1]);
        Assert.Equal("another change of members is under way", Answer(cluster, 0, 1, 2));
    }

    [Fact]
    public void Where_the_ledger_states_the_members_nobody_else_changes_them()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        State(cluster, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members([0, 1], [])));
        Assert.Contains(
            new Notice.MembersRefused("the ledger states who the members are"), cluster.Nodes[0].Notices);
    }

    private static string? Answer(RaftCluster cluster, params int[] voters)
    {
        cluster.Nodes[0].Take(new Input.MembersAsked(Members(voters, [])));
        return cluster.Nodes[0].Notices.OfType<Notice.MembersAnswered>().Last().Reason?.ToString();
    }

    /// <summary>The block that says so is final on everyone who lives.</summary>
    private static void State(RaftCluster cluster, int[] voters, int[]? learners = null)
    {
        foreach (var node in cluster.Nodes.Where(node => node.IsAlive))
        {
            node.Take(new Input.MembersStated(Members(voters, learners ?? []), Height.Genesis, node.Self));
        }
    }

    private static Membership Members(int[] voters, int[] learners)
        => new([.. voters.Select(i => new ValidatorIndex(i))],
            [.. learners.Select(i => new ValidatorIndex(i))], []);

    private static RaftCluster With(int nodes, int[] voters, RaftOptions? options = null)
    {
        var cluster = new RaftCluster(nodes, options, Members(voters, []));
        cluster.Elect(0);
        return cluster;
    }
}
