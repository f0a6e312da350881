using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// The figures of the paper, and the bug that its author found in the shortcut for members.
/// </summary>
public sealed class FigureTests
{
    /// <summary>Raft, figure 7: six followers whose logs lack entries, have too many, or both.</summary>
    [Fact]
    public void Figure_7_the_leader_brings_every_log_to_its_own()
    {
        var cluster = new RaftCluster(7);
        ulong[][] logs =
        [
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
            [1, 1, 1, 4, 4, 5, 5, 6, 6],
            [1, 1, 1, 4],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
            [1, 1, 1, 4, 4, 4, 4],
            [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
        ];
        for (var i = 0; i < logs.Length; i++)
        {
            LogBuilder.Write(cluster.Nodes[i], term: 7, logs[i]);
        }

        cluster.Elect(0);

        Assert.All(cluster.Nodes, node => Assert.Equal("1 1 1 4 4 5 5 6 6 6 8", node.Log));
        Assert.Contains("R1 says VOTE t8 for R0", cluster.Transcript, StringComparison.Ordinal);

        // (c) has an entry more of the last term, and (d) a later one: neither lets the leader have its vote.
        Assert.DoesNotContain("R3 says VOTE", cluster.Transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("R4 says VOTE", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// Raft §5.3: the follower's hint skips a whole term at a time; (f) needs two refusals, not eight.
    /// </summary>
    [Fact]
    public void Figure_7_f_the_conflicting_terms_are_skipped_one_by_one()
    {
        var cluster = new RaftCluster(3);
        LogBuilder.Write(cluster.Nodes[0], term: 7, 1, 1, 1, 4, 4, 5, 5, 6, 6, 6);
        LogBuilder.Write(cluster.Nodes[1], term: 7, 1, 1, 1, 4, 4, 5, 5, 6, 6, 6);
        LogBuilder.Write(cluster.Nodes[2], term: 7, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3);
        var refusals = 0;
        cluster.Elect(0, packet =>
        {
            refusals += packet.Envelope.Message is AppendRefused ? 1 : 0;
            return true;
        });

        Assert.Equal(cluster.Nodes[0].Log, cluster.Nodes[2].Log);
        Assert.Equal(2, refusals);
    }

    /// <summary>
    /// Raft, figure 8 (a) to (d): a majority holds S1's old block, and it is lost all the same.
    /// </summary>
    [Fact]
    public void Figure_8_an_entry_of_an_older_term_is_not_committed_by_counting_replicas()
    {
        var cluster = Figure8UpToC();

        // (c) S1, S2 and S3 hold the block of term 2, and S1 knows it; but nobody calls it committed, and S3
        // does not sign it: three signatures would be a certificate of what is about to be lost.
        Assert.Equal(3, cluster.Nodes.Count(node => node.Engine?.Log.TermAt(new(3)) == new Term(2)));
        Assert.Equal(LogIndex.Zero, cluster.Nodes[0].Engine!.CommitIndex);
        Assert.Contains("R2 says APPENDED t4 #3\n", cluster.Transcript + '\n', StringComparison.Ordinal);

        // (d) S5 wins with its entry of term 3 and overwrites what the majority held.
        cluster.Nodes[0].Crash();
        cluster.Drop<Message>();
        cluster.Restart(4);
        cluster.Elect(4);
        cluster.Run(1);
        Assert.All(cluster.Nodes.Skip(1), node => Assert.Equal("1 2 3 5", node.Log));

        cluster.Restart(0);
        cluster.Propose("other");
        cluster.Run(5);
        Assert.All(cluster.Nodes, node => Assert.Equal(["other"], node.FinalPayloads));
    }

    /// <summary>
    /// Raft, figure 8 (e): once an entry of S1's own term is on a majority, the old one is committed with it.
    /// </summary>
    [Fact]
    public void Figure_8_an_older_entry_is_committed_with_one_of_the_leaders_term()
    {
        var cluster = Figure8UpToC();
        cluster.DeliverAll();
        Assert.All(cluster.Nodes.Take(3), node => Assert.Equal(["old"], node.FinalPayloads));

        // S5 can no longer win: a majority has a later entry than its own.
        cluster.Nodes[0].Crash();
        cluster.Restart(4);
        foreach (var node in cluster.Nodes)
        {
            node.Tick(node.Options.ElectionTicks);
        }

        cluster.Campaign(4);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[4].Engine!.IsLeader);
    }

    /// <summary>
    /// The bug of single-server changes (Ongaro, raft-dev, July 2015): a leader changes members before it has
    /// committed anything in its term, and two majorities that share nobody decide apart.
    /// </summary>
    [Fact]
    public void The_single_server_bug_a_leader_changes_no_members_before_it_has_committed_in_its_term()
    {
        var cluster = new RaftCluster(5, members: new([new(0), new(1), new(2), new(3)], [], []));
        cluster.Elect(0);

        // S1 adds S5; the entry reaches S5 only.
        cluster.Partition(0, 4);
        cluster.Nodes[0].Take(
            new Input.MembersRequested(new([new(0), new(1), new(2), new(3), new(4)], [], [])));
        cluster.DeliverAll();

        // S2 leads the other three and would remove S1, having committed nothing in its term yet.
        cluster.Elect(1, RaftCluster.IsElection);
        cluster.Drop<Message>();
        cluster.Nodes[1].Take(new Input.MembersRequested(new([new(1), new(2), new(3)], [], [])));

        Assert.Contains(
            new Notice.MembersRefused("another change of members is under way"), cluster.Nodes[1].Notices);
        Assert.DoesNotContain(cluster.Nodes[1].Entries, entry => entry is ConfigurationEntry);
    }

    /// <summary>
    /// The same history, to its end: whatever the order, one of the two leaders does not get its majority.
    /// </summary>
    [Fact]
    public void The_single_server_bug_two_concurrent_changes_do_not_decide_apart()
    {
        var cluster = new RaftCluster(5, members: new([new(0), new(1), new(2), new(3)], [], []));
        cluster.Elect(0);
        cluster.Partition(0, 4);
        cluster.Nodes[0].Take(
            new Input.MembersRequested(new([new(0), new(1), new(2), new(3), new(4)], [], [])));
        cluster.DeliverAll();

        cluster.Elect(1);
        cluster.Nodes[1].Take(new Input.MembersRequested(new([new(1), new(2), new(3)], [], [])));
        cluster.Run(2);
        Assert.Equal("{1 2 3}", cluster.Nodes[1].Engine!.Configuration.ToString());

        cluster.Heal();
        cluster.Run(60);
        Assert.Equal("{1 2 3}", cluster.Nodes[0].Engine!.Configuration.ToString());
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.Removed);
    }

    /// <summary>
    /// Figure 8 up to (c), as leaders with no-ops play it: S1 leads term 4, its no-op is on S2 and its block
    /// of term 2 on S2 and S3.
    /// </summary>
    private static RaftCluster Figure8UpToC()
    {
        var oneByOne = RaftOptions.Default with { BatchBytesMax = 1, InFlightMax = 1 };
        var cluster = new RaftCluster(5, oneByOne);
        foreach (var node in cluster.Nodes)
        {
            LogBuilder.Write(node, term: 1, 1);
        }

        // (a) S1 leads term 2 and replicates a block to S2 only.
        cluster.Elect(0);
        cluster.Propose("old");
        cluster.Deliver<AppendEntries>(packet => packet.To == new ValidatorIndex(1));
        cluster.Drop<Message>();

        // (b) S1 crashes; S5 leads term 3 by the votes of S3 and S4, and appends an entry of its own at the
        // same place.
        cluster.Nodes[0].Crash();
        cluster.Elect(4, RaftCluster.IsElection);
        cluster.Drop<Message>();
        Assert.Equal("1 2 3", cluster.Nodes[4].Log);

        // (c) S5 crashes; S1 comes back, leads term 4, and goes on replicating.
        cluster.Nodes[4].Crash();
        cluster.Restart(0);
        cluster.Elect(0, RaftCluster.IsElection);
        cluster.Deliver<AppendEntries>(packet => packet.To.Value is 1 or 2);
        cluster.Deliver<Appended>();
        cluster.Deliver<AppendRefused>();
        cluster.Deliver<AppendEntries>(packet => packet.To.Value is 2);
        cluster.Deliver<Appended>();
        return cluster;
    }
}
