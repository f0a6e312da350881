using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>Logs are let go, and who needs what is gone gets the state instead (Raft §7).</summary>
public sealed class SnapshotTests
{
    private static readonly RaftOptions Short = RaftOptions.Default with
    {
        EntriesRetained = 4,
        CompactionBytes = 5000,
    };

    [Fact]
    public void A_follower_that_was_away_too_long_gets_the_state_and_then_the_log()
    {
        var cluster = new RaftCluster(3, Short);
        cluster.Elect(0);
        cluster.Nodes[2].Crash();
        Fill(cluster, 30);
        cluster.Restart(2);
        cluster.Run(2);

        var wanted = Assert.Single(cluster.Nodes[2].Wanted);
        Assert.True(wanted.Height.Value > 10);
        Assert.Equal(0UL, wanted.Offset);
        Assert.True(cluster.Nodes[2].InstallWanted());
        cluster.Run(2);
        Assert.Equal(30, cluster.Nodes[2].Disk.Final.Count);

        // The load goes on, and it is part of it.
        cluster.Nodes[1].Crash();
        cluster.Propose("after");
        cluster.Run(2);
        Assert.Contains("after", cluster.Nodes[2].FinalPayloads);
    }

    [Fact]
    public void Blocks_may_come_instead_if_that_is_cheaper()
    {
        var cluster = new RaftCluster(3, Short);
        cluster.Elect(0);
        cluster.Nodes[2].Crash();
        Fill(cluster, 30);
        cluster.Restart(2);
        cluster.Run(2);
        var from = cluster.Nodes[0].Disk;
        cluster.Nodes[2].Take(new Input.Synced(cluster.Segment(from.Final.Take(10), from)));
        cluster.Nodes[2].Take(new Input.Synced(cluster.Segment(from.Final.Skip(8).Take(22), from)));
        cluster.Run(2);
        Assert.Equal(30, cluster.Nodes[2].Disk.Final.Count);
        Assert.Equal(cluster.Nodes[0].Engine!.LastIndex, cluster.Nodes[2].Engine!.LastIndex);
    }

    [Fact]
    public void A_snapshot_that_is_under_way_goes_on_where_it_was_under_the_next_leader()
    {
        var cluster = new RaftCluster(3);
        var mark = new SnapshotMark(
            new(50), new(1), new(new(40), cluster.Chain), cluster.Nodes[0].Engine!.Configuration);
        cluster.Forge(0, new InstallSnapshot(new(1), mark), 2);
        cluster.DeliverAll();
        cluster.Nodes[2].Take(new Input.SnapshotReceived(new(40), 700));
        cluster.Forge(0, new InstallSnapshot(new(1), mark), 2);
        cluster.DeliverAll();
        Assert.Single(cluster.Nodes[2].Wanted);

        cluster.Forge(1, new InstallSnapshot(new(2), mark), 2);
        cluster.Deliver<InstallSnapshot>();
        var again = cluster.Nodes[2].Wanted[^1];
        Assert.Equal((new ValidatorIndex(1), 700UL), (again.From, again.Offset));
    }

    [Fact]
    public void One_whose_state_is_on_the_way_does_not_campaign()
    {
        var cluster = new RaftCluster(3);
        var mark = new SnapshotMark(
            new(50), new(1), new(new(40), cluster.Chain), cluster.Nodes[0].Engine!.Configuration);
        cluster.Forge(0, new InstallSnapshot(new(1), mark), 2);
        cluster.DeliverAll();
        cluster.Nodes[2].Tick(5 * Short.ElectionTicks);
        Assert.Equal(RaftRole.Follower, cluster.Nodes[2].Engine!.Role);
    }

    [Fact]
    public void A_snapshot_takes_the_members_along()
    {
        var cluster = new RaftCluster(4, Short, new([new(0), new(1), new(2)], [], []));
        cluster.Elect(0);
        cluster.Nodes[2].Crash();
        cluster.Nodes[0].Take(new Input.MembersRequested(new([new(0), new(1), new(2), new(3)], [], [])));
        cluster.Run(4);
        Fill(cluster, 30);
        cluster.Restart(2);
        cluster.Run(2);
        Assert.Equal("{0 1 2}", cluster.Nodes[2].Engine!.Configuration.ToString());
        Assert.True(cluster.Nodes[2].InstallWanted());
        cluster.Run(2);
        Assert.Equal("{0 1 2 3}", cluster.Nodes[2].Engine!.Configuration.ToString());
        cluster.Restart(2);
        Assert.Equal("{0 1 2 3}", cluster.Nodes[2].Engine!.Configuration.ToString());
    }

    [Fact]
    public void A_compacted_journal_stays_short_and_its_node_acts_the_same()
    {
        var cluster = new RaftCluster(3, Short);
        cluster.Elect(0);
        Fill(cluster, 60);
        Assert.All(
            cluster.Nodes, node => Assert.True(node.Disk.JournalLength < 30, $"{node.Disk.JournalLength}"));
        var last = cluster.Nodes[0].Engine!.LastIndex;
        for (var i = 0; i < 3; i++)
        {
            cluster.Restart(i);
            Assert.Equal(last, cluster.Nodes[i].Engine!.LastIndex);
        }

        cluster.RunToLeader();
        cluster.Propose("after");
        cluster.Run(2);
        Assert.All(cluster.Nodes, node => Assert.Equal(61, node.Disk.Final.Count));
    }

    [Fact]
    public void A_leader_is_patient_with_one_whose_snapshot_moves_and_offers_it_again_to_one_that_is_silent()
    {
        var cluster = new RaftCluster(3, Short);
        cluster.Elect(0);
        cluster.Nodes[2].Crash();
        Fill(cluster, 30);
        cluster.Restart(2);
        cluster.Run(2);
        cluster.Drop<Message>();
        for (var i = 0; i < 3 * Short.ElectionTicks; i++)
        {
            cluster.Nodes[2].Take(
                new Input.SnapshotReceived(cluster.Nodes[2].Wanted[0].Height, (ulong)i + 1));
            cluster.TickAll();
            Assert.DoesNotContain(cluster.InFlight, packet => packet.Envelope.Message is InstallSnapshot);
            cluster.DeliverAll();
        }

        cluster.Run(Short.ElectionTicks - 1);
        cluster.TickAll();
        cluster.TickAll();
        Assert.Contains(cluster.InFlight, packet => packet.Envelope.Message is InstallSnapshot);
    }

    private static void Fill(RaftCluster cluster, int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll();
        }
    }
}
