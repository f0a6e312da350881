using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>Members come, go and are replaced while blocks become final (Raft §6; dissertation §4).</summary>
public sealed class MemberTests
{
    [Fact]
    public void A_newcomer_learns_then_both_majorities_decide_then_it_votes()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        cluster.Propose("before");
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2, 3)));
        cluster.Run(4);

        Assert.Equal(
            [MembershipPhase.Learning, MembershipPhase.Joint, MembershipPhase.Settled],
            cluster.Nodes[0].Notices.OfType<Notice.MembersChanged>().Select(changed => changed.Phase));
        Assert.All(cluster.Nodes, node => Assert.Equal("{0 1 2 3}", node.Engine!.Configuration.ToString()));
        Assert.Equal(["before"], cluster.Nodes[3].FinalPayloads);

        // With three of four it is needed for a majority when another one is gone.
        cluster.Nodes[1].Crash();
        cluster.Propose("after");
        cluster.Run(2);
        Assert.Equal(["before", "after"], cluster.Nodes[3].FinalPayloads);
    }

    [Fact]
    public void Several_voters_are_replaced_at_once_the_leader_among_them()
    {
        var cluster = With(6, voters: [0, 1, 2]);
        cluster.Propose("before");
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(3, 4, 5)));
        cluster.Run(6);
        Assert.False(cluster.Nodes[0].Engine!.IsLeader);
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.Removed);

        var leader = cluster.RunToLeader();
        Assert.True(leader.Self.Value >= 3);
        cluster.Propose("after");
        cluster.Run(3);
        Assert.All(cluster.Nodes.Skip(3), node => Assert.Equal(["before", "after"], node.FinalPayloads));
        Assert.All(leader.Disk.Certificates[^1].Signers, signer => Assert.True(signer.Validator.Value >= 3));
    }

    [Fact]
    public void A_removed_node_says_so_and_stops_campaigning()
    {
        var cluster = With(4, voters: [0, 1, 2, 3]);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2)));
        cluster.Run(6);
        Assert.Contains(cluster.Nodes[3].Notices, notice => notice is Notice.Removed);

        cluster.Partition(3);
        cluster.Run(4 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(RaftRole.Follower, cluster.Nodes[3].Engine!.Role);
        Assert.DoesNotContain("R3 says REQUEST-VOTE", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_majority_of_the_new_voters_the_joint_configuration_commits_nothing()
    {
        var cluster = With(5, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 3, 4)));
        cluster.DeliverAll(_ => !cluster.Nodes[0].Engine!.Configuration.IsJoint);
        Assert.True(cluster.Nodes[0].Engine!.Configuration.IsJoint);
        cluster.Nodes[3].Crash();
        cluster.Nodes[4].Crash();
        cluster.Run(5);
        Assert.True(cluster.Nodes[0].Engine!.Configuration.IsJoint);
        Assert.True(cluster.Nodes[0].Engine!.CommitIndex < cluster.Nodes[0].Engine!.Log.ConfigurationIndex);
    }

    [Fact]
    public void No_block_is_made_while_the_voters_change()
    {
        var cluster = With(3, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1)));
        Assert.True(cluster.Nodes[0].Engine!.Configuration.IsJoint);
        cluster.Propose("during");
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.ProposalDropped);
        cluster.DeliverAll();
        Assert.Equal("{0 1}", cluster.Nodes[0].Engine!.Configuration.ToString());
        cluster.Propose("after");
        cluster.DeliverAll();
        Assert.Equal(["after"], cluster.Nodes[1].FinalPayloads);
    }

    [Fact]
    public void The_entry_that_lets_the_old_voters_go_takes_their_certificate_along()
    {
        var cluster = With(6, voters: [0, 1, 2]);
        cluster.Propose("before");
        cluster.DeliverAll();
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(3, 4, 5)));
        cluster.Run(6);
        var settled = cluster.Nodes[3].Entries.OfType<ConfigurationEntry>().Last();
        Assert.Equal("{3 4 5}", settled.Configuration.ToString());
        Assert.Equal(new Height(1), settled.Certificate?.Subject.Height);
    }

    [Fact]
    public void A_learner_receives_everything_and_counts_for_nothing()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(new([new(0), new(1), new(2)], [new(3)], [])));
        cluster.Run(2);
        cluster.Propose("apple");
        cluster.Run(2);
        Assert.Equal(["apple"], cluster.Nodes[3].FinalPayloads);

        cluster.Nodes[1].Crash();
        cluster.Nodes[2].Crash();
        cluster.Propose("alone");
        cluster.Run(2);
        Assert.Equal(["apple"], cluster.Nodes[3].FinalPayloads);

        cluster.Nodes[3].Tick(3 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(RaftRole.Follower, cluster.Nodes[3].Engine!.Role);
    }

    [Fact]
    public void A_learner_that_has_caught_up_is_promoted()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(new([new(0), new(1), new(2)], [new(3)], [])));
        cluster.Run(2);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2, 3)));
        cluster.Run(3);
        Assert.Equal("{0 1 2 3}", cluster.Nodes[0].Engine!.Configuration.ToString());
    }

    /// <summary>
    /// A new connection has it probed, and with nothing to send it was called behind, lacking 0 entries.
    /// </summary>
    [Fact]
    public void A_learner_that_has_all_is_promoted_though_its_connection_is_new_and_nothing_is_written()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(new([new(0), new(1), new(2)], [new(3)], [])));
        cluster.Run(2);
        cluster.Nodes[0].Take(new Input.PeerConnected(new(3)));
        cluster.Run(2);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2, 3)));
        cluster.Run(3);
        Assert.Equal("{0 1 2 3}", cluster.Nodes[0].Engine!.Configuration.ToString());
    }

    [Fact]
    public void A_learner_that_is_behind_is_not_promoted()
    {
        var cluster = With(4, voters: [0, 1, 2], RaftOptions.Default with { CaughtUpWithin = 2 });
        cluster.Nodes[0].Take(new Input.MembersRequested(new([new(0), new(1), new(2)], [new(3)], [])));
        cluster.Run(2);
        cluster.Nodes[3].Crash();
        for (var i = 0; i < 4; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll();
        }

        Assert.Equal("validator 3 is behind: it lacks 4 entries", Refusal(cluster, Members(0, 1, 2, 3)));
    }

    [Fact]
    public void A_newcomer_out_of_reach_does_not_become_a_member()
    {
        var cluster = With(4, voters: [0, 1, 2], RaftOptions.Default with { LearnTicks = 30 });
        cluster.Nodes[3].Crash();
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2, 3)));
        cluster.Run(40);
        Assert.Contains(
            cluster.Nodes[0].Notices,
            notice => notice is Notice.MembersRefused refused
                && refused.Reason is { About.Value: 3, Words: var words }
                && words.StartsWith("does not catch up", StringComparison.Ordinal));
        Assert.Equal("{0 1 2}", cluster.Nodes[0].Engine!.Configuration.ToString());
        cluster.Propose("apple");
        cluster.DeliverAll();
        Assert.Equal(["apple"], cluster.Nodes[0].FinalPayloads);
    }

    [Fact]
    public void What_cannot_be_is_refused_with_the_reason()
    {
        var cluster = With(4, voters: [0, 1, 2]);
        Assert.Equal("the last voter cannot be removed", Refusal(cluster, Members()));
        Assert.Equal("one voter at least must keep blocks", Refusal(cluster, new([new(0)], [], [new(0)])));
        Assert.Equal(
            "validator 2 cannot begin or cease to keep blocks: remove it first",
            Refusal(cluster, new([new(0), new(1), new(2)], [], [new(2)])));
        Assert.Equal(
            "validator 2 votes and cannot become a learner: remove it first",
            Refusal(cluster, new([new(0), new(1)], [new(2)], [])));
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 2, 3)));
        Assert.Equal("another change of members is under way", Refusal(cluster, Members(0, 1)));

        cluster.Nodes[1].Take(new Input.MembersRequested(Members(0, 1)));
        Assert.Contains(
            new Notice.MembersRefused("this validator does not lead"), cluster.Nodes[1].Notices);
    }

    [Fact]
    public void A_change_outlives_its_leader()
    {
        var cluster = With(5, voters: [0, 1, 2]);
        cluster.Nodes[0].Take(new Input.MembersRequested(Members(0, 1, 3)));
        cluster.DeliverAll(_ => !cluster.Nodes[1].Engine!.Configuration.IsJoint);
        cluster.Nodes[0].Crash();
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Equal("{0 1 3}", cluster.Leader!.Engine!.Configuration.ToString());
    }

    private static string Refusal(RaftCluster cluster, Membership target)
    {
        cluster.Nodes[0].Take(new Input.MembersRequested(target));
        return cluster.Nodes[0].Notices.OfType<Notice.MembersRefused>().Last().Reason.ToString();
    }

    private static Membership Members(params int[] voters)
        => new([.. voters.Select(i => new ValidatorIndex(i))], [], []);

    private static RaftCluster With(int nodes, int[] voters, RaftOptions? options = null)
    {
        var cluster = new RaftCluster(nodes, options, Members(voters));
        cluster.Elect(0);
        return cluster;
    }
}
