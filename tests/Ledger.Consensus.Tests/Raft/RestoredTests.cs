using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// Members whose journals were lost: all at once, in a network that was restored from backups, or one alone.
/// </summary>
public sealed class RestoredTests
{
    [Fact]
    public void A_whole_network_that_was_restored_goes_on_from_its_ledger()
    {
        var cluster = Restored(5, 5, 5);
        GoesOn(cluster, "after");
        Assert.All(cluster.Nodes, node => Assert.Equal(6, node.Disk.Final.Count));

        // And again after each of them was restarted: what it went on from is in the journal.
        for (var i = 0; i < 3; i++)
        {
            cluster.Restart(i);
        }

        GoesOn(cluster, "later");
        Assert.All(cluster.Nodes, node => Assert.Equal(7, node.Disk.Final.Count));
    }

    [Fact]
    public void A_network_of_one_that_was_restored_goes_on_from_its_ledger()
    {
        var cluster = Restored(5);
        GoesOn(cluster, "after");
        Assert.Equal(6, cluster.Nodes[0].Disk.Final.Count);
    }

    [Fact]
    public void Whoever_was_restored_with_fewer_blocks_is_not_elected_by_those_with_more_and_gets_them()
    {
        for (var behind = 0; behind < 3; behind++)
        {
            int[] heights = [5, 5, 5];
            heights[behind] = 3;
            var cluster = Restored(heights);
            cluster.Campaign(behind);
            cluster.DeliverAll();
            Assert.False(cluster.Nodes[behind].Engine!.IsLeader);

            cluster.RunToLeader();
            Assert.True(cluster.Nodes[behind].InstallWanted());
            GoesOn(cluster, "after");
            Assert.All(cluster.Nodes, node => Assert.Equal(6, node.Disk.Final.Count));
        }
    }

    [Fact]
    public void One_that_was_emptied_does_not_begin_the_chain_anew()
    {
        var cluster = Restored(0, 5, 5);
        cluster.Campaign(0);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[0].Engine!.IsLeader);
    }

    [Fact]
    public void A_log_that_was_kept_wins_against_ledgers_without_one()
    {
        var cluster = Restored(5, 5, 5);
        cluster.Nodes[2].Crash();
        cluster.Elect(0);
        cluster.Nodes[0].Crash();
        cluster.Restart(2);
        cluster.Nodes[1].Tick(RaftOptions.Default.ElectionTicks);
        cluster.Campaign(2);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[2].Engine!.IsLeader);
    }

    [Fact]
    public void Who_has_more_final_blocks_than_a_restored_majority_takes_no_other_ones()
    {
        var cluster = Restored(5, 3, 3);
        cluster.Nodes[0].Crash();
        GoesOn(cluster, "other");
        cluster.Restart(0);
        cluster.Run(60);

        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.LogRefused);
        Assert.Equal(5, cluster.Nodes[0].Disk.Final.Count);
        Assert.DoesNotContain("other", cluster.Nodes[0].FinalPayloads);
    }

    [Fact]
    public void R8_who_lost_its_log_elects_nobody_who_lacks_what_it_had_acknowledged()
    {
        var cluster = Bound(out _);

        // The only other copy is away for a moment: who is left must not go on without what it has.
        cluster.Nodes[0].Crash();
        cluster.Campaign(2);
        cluster.DeliverAll();
        cluster.Run(100);
        Assert.Null(cluster.Leader);

        cluster.Restart(0);
        GoesOn(cluster, "after");
        Assert.All(cluster.Nodes, node => Assert.Contains("acknowledged", node.FinalPayloads));
    }

    [Fact]
    public void R8_who_has_its_log_again_elects_and_leads_as_before()
    {
        var cluster = Bound(out var lost);
        cluster.Run(40);
        Assert.Contains("acknowledged", lost.FinalPayloads);

        cluster.Restart(1);
        cluster.Nodes[0].Crash();
        cluster.Elect(1);
        GoesOn(cluster, "after");
        Assert.Contains("after", cluster.Nodes[2].FinalPayloads);
    }

    /// <summary>
    /// R0 and R1 have a block that R2 lacks; then R1 loses its disk, and R0 is elected again without it,
    /// which ends its silence.
    /// </summary>
    private static RaftCluster Bound(out RaftNode lost)
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Partition(2);
        cluster.Propose("acknowledged");
        cluster.DeliverAll();
        lost = cluster.Nodes[1];
        Assert.Contains("acknowledged", lost.FinalPayloads);

        lost.Crash();
        lost.LoseDisk();
        cluster.Heal();
        cluster.Restart(0);
        cluster.Elect(0, packet => RaftCluster.IsElection(packet) && packet.To.Value != 1);
        var term = cluster.Nodes[0].Engine!.Term;
        cluster.Drop<Message>();
        lost.Disk.Append([new TermEntered(term, new(0)), new LogLost(term)]);
        lost.Start();
        return cluster;
    }

    private static void GoesOn(RaftCluster cluster, string payload)
    {
        cluster.RunToLeader();
        cluster.Propose(payload);
        cluster.Run(30);
    }

    /// <summary>A network whose members have these many blocks each, and nothing else.</summary>
    private static RaftCluster Restored(params int[] heights)
    {
        var before = new RaftCluster(heights.Length);
        before.Elect(0);
        for (var i = 0; i < heights.Max(); i++)
        {
            before.Propose($"before {i}");
            before.Run(2);
        }

        var cluster = new RaftCluster(heights.Length);
        for (var i = 0; i < heights.Length; i++)
        {
            cluster.Nodes[i].Crash();
            cluster.Nodes[i].LoseDisk();
            cluster.Nodes[i].Disk.Final.AddRange(before.Nodes[i].Disk.Final.Take(heights[i]));
            cluster.Nodes[i].Start();
        }

        return cluster;
    }
}
