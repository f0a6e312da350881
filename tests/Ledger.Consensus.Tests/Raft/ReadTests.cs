using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// A linearizable read sees everything that was final before it was asked (Raft §8; dissertation §6.4).
/// </summary>
public sealed class ReadTests
{
    private static readonly RaftOptions Leases = RaftOptions.Default with { LeaseReads = true };

    [Fact]
    public void A_leader_answers_when_a_round_that_began_afterwards_is_answered()
    {
        var cluster = New();
        cluster.Nodes[0].Tick(RaftOptions.Default.HeartbeatTicks);
        Read(cluster, 0);
        cluster.Deliver<Heartbeat>();

        // The round under way began before the read: it proves nothing.
        cluster.Deliver<HeartbeatReply>(packet => packet.Envelope.Message is HeartbeatReply { Round: < 2 });
        Assert.Empty(cluster.Nodes[0].Reads);
        cluster.DeliverAll();
        Assert.Equal(new Height(1), cluster.Nodes[0].Reads[1]);
    }

    [Fact]
    public void Reads_that_come_while_a_round_is_under_way_share_the_next()
    {
        var cluster = New();
        for (var id = 1UL; id <= 100; id++)
        {
            cluster.Nodes[0].Take(new Input.ReadRequested(id, cluster.Now));
        }

        Assert.Equal(2, cluster.InFlight.Count(packet => packet.Envelope.Message is Heartbeat));
        cluster.DeliverAll();
        Assert.Equal(100, cluster.Nodes[0].Reads.Count);
    }

    [Fact]
    public void A_follower_asks_its_leader()
    {
        var cluster = New();
        Read(cluster, 2);
        cluster.DeliverAll();
        Assert.Equal(new Height(1), cluster.Nodes[2].Reads[1]);
    }

    [Fact]
    public void A_leader_in_a_minority_answers_nothing_and_says_why()
    {
        var cluster = New();
        cluster.Partition(0);
        Read(cluster, 0);
        cluster.Run(3 * RaftOptions.Default.ElectionTicks);
        Assert.Empty(cluster.Nodes[0].Reads);
        Assert.Equal("no majority of the voters answers", cluster.Nodes[0].RefusedReads[1]);

        cluster.Nodes[0].Take(new Input.ReadRequested(2, cluster.Now));
        Assert.StartsWith("no leader is known", cluster.Nodes[0].RefusedReads[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_follower_whose_leader_does_not_answer_says_why()
    {
        var cluster = New();
        cluster.CutLink(2, 0);
        Read(cluster, 2);
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.StartsWith(
            "the leader did not answer", cluster.Nodes[2].RefusedReads[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_leader_holds_reads_until_it_knows_what_is_committed()
    {
        var cluster = New();
        cluster.Propose("second");
        cluster.Deliver<AppendEntries>();
        cluster.Deliver<Appended>();
        cluster.Drop<Message>();
        cluster.Nodes[0].Crash();
        cluster.Elect(1, RaftCluster.IsElection);
        Read(cluster, 1);
        cluster.Deliver<Heartbeat>();
        cluster.Deliver<HeartbeatReply>();
        Assert.Empty(cluster.Nodes[1].Reads);
        cluster.DeliverAll();
        Assert.Equal(new Height(2), cluster.Nodes[1].Reads[1]);
    }

    [Fact]
    public void With_a_lease_a_leader_answers_at_once_until_it_ends()
    {
        var cluster = New(Leases);
        cluster.Run(4);
        Read(cluster, 0);
        Assert.Equal(new Height(1), cluster.Nodes[0].Reads[1]);

        cluster.Wait(Leases.Lease);
        cluster.Nodes[0].Take(new Input.ReadRequested(2, cluster.Now));
        Assert.DoesNotContain(2UL, cluster.Nodes[0].Reads.Keys);
    }

    [Fact]
    public void Without_lease_reads_there_is_no_lease()
    {
        var cluster = New();
        cluster.Run(4);
        Read(cluster, 0);
        Assert.Empty(cluster.Nodes[0].Reads);
    }

    [Fact]
    public void A_leader_that_sent_another_to_campaign_has_no_lease_any_more()
    {
        var cluster = New(Leases);
        cluster.Run(4);
        cluster.Nodes[0].Take(new Input.TransferRequested(new(1)));
        Read(cluster, 0);
        Assert.Empty(cluster.Nodes[0].Reads);
    }

    /// <summary>
    /// Clocks that differ by as much as is allowed, the leader's the slowest; it is cut off at some moment.
    /// Whatever it answers by its lease, nobody has decided more by then.
    /// </summary>
    [Fact]
    public void Lease_reads_are_never_stale_within_the_drift_bound()
    {
        var served = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            served += PlayWithDrift(seed, drift: 1 + (Leases.ClockDriftPerMille / 1000.0));
        }

        Assert.True(served > 1000, $"only {served} reads were served by a lease");
    }

    private static int PlayWithDrift(int seed, double drift)
    {
        var chance = new Random(seed);
        var cluster = New(Leases, (ulong)seed);
        cluster.Nodes[1].Rate = drift;
        cluster.Nodes[2].Rate = drift;
        var due = cluster.Nodes.Select(node => node.LocalNow).ToArray();
        var cutAt = TimeSpan.FromMilliseconds(200 + chance.Next(200));
        var served = 0;
        for (var id = 1UL; id < 1200; id++)
        {
            cluster.Wait(TimeSpan.FromMilliseconds(1));
            if (cluster.Now == cutAt)
            {
                cluster.Partition(0);
                cluster.Drop<Message>();
            }

            for (var i = 0; i < due.Length; i++)
            {
                var node = cluster.Nodes[i];
                if (node.LocalNow >= due[i])
                {
                    due[i] = node.LocalNow + Leases.TickEvery;
                    node.Tick();
                }
            }

            cluster.DeliverAll();
            if (cluster.Nodes.Skip(1).FirstOrDefault(node => node.Requested is not null) is { } other)
            {
                cluster.Propose(other.Self.Value, $"new-{id}-");
                cluster.DeliverAll();
            }

            cluster.Nodes[0].Take(new Input.ReadRequested(id, cluster.Nodes[0].LocalNow));
            if (cluster.Nodes[0].Reads.TryGetValue(id, out var height))
            {
                served++;
                var final = cluster.Nodes.Max(node => node.Disk.Final.Count);
                Assert.True(height.Value >= (ulong)final, $"seed {seed}: a stale read at {cluster.Now}");
            }
        }

        return served;
    }

    private static void Read(RaftCluster cluster, int node)
        => cluster.Nodes[node].Take(new Input.ReadRequested(1, cluster.Now));

    private static RaftCluster New(RaftOptions? options = null, ulong seed = 1)
    {
        var cluster = new RaftCluster(3, options, seed: seed);
        cluster.Elect(0);
        cluster.Propose("apple");
        cluster.DeliverAll();
        return cluster;
    }
}
