using Ledger.Consensus.Raft;
using Ledger.Consensus.Tests.Stepped;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>A leader's log becomes everyone's (Raft §5.3).</summary>
public sealed class ReplicationTests
{
    [Fact]
    public void A_block_commits_after_one_round_trip_to_a_majority()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.ClearTranscript();
        cluster.Propose("apple");
        cluster.Deliver<AppendEntries>();
        cluster.Deliver<Appended>();
        cluster.Deliver<Committed>();

        Assert.Equal(
            """
            R1 says APPENDED t1 #2 h1 apple
            R2 says APPENDED t1 #2 h1 apple
            R0 commits h1 apple
            R1 commits h1 apple
            R2 commits h1 apple
            """,
            cluster.Transcript);
    }

    [Fact]
    public void Every_decision_ends_in_a_certificate_of_a_majority()
    {
        var cluster = new RaftCluster(5);
        cluster.Elect(0);
        cluster.Propose("apple");
        cluster.DeliverAll();

        var certificate = Assert.Single(cluster.Nodes[3].Disk.Certificates);
        Assert.Equal(StatementKind.Commit, certificate.Kind);
        Assert.Equal(cluster.Nodes[3].Disk.Final[0].Hash, certificate.Subject.Block);
        Assert.Equal(3, certificate.Signers.Count);
    }

    [Fact]
    public void One_acknowledgement_below_the_majority_commits_nothing()
    {
        var cluster = new RaftCluster(4);
        cluster.Elect(0);
        cluster.Nodes[2].Crash();
        cluster.Nodes[3].Crash();
        cluster.Propose("apple");
        cluster.DeliverAll();
        Assert.DoesNotContain("commits", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leader_counts_itself_only_once_its_own_disk_has_the_entry()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Nodes[0].Disk.WritesUntilDeath = 0;
        cluster.Propose("apple");
        Assert.False(cluster.Nodes[0].IsAlive);

        // The entries left before: the others have them, and decide.
        cluster.Deliver<AppendEntries>();
        Assert.Contains("R1 says APPENDED t1 #2 h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_of_blocks_is_under_way_before_the_first_commits()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        var payloads = Enumerable.Range(0, RaftOptions.Default.Window).Select(i => $"payload-{i}-").ToArray();
        foreach (var payload in payloads)
        {
            cluster.Propose(payload);
        }

        Assert.Null(cluster.Nodes[0].Requested);
        cluster.Run(3);
        Assert.All(cluster.Nodes, node => Assert.Equal(payloads, node.FinalPayloads));
        Assert.NotNull(cluster.Nodes[0].Requested);
    }

    [Fact]
    public void A_slow_follower_has_a_bounded_window_and_slows_nobody()
    {
        var cluster = new RaftCluster(3, RaftOptions.Default with { InFlightMax = 3 });
        cluster.Elect(0);
        for (var i = 0; i < 10; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll(packet => packet.To != new ValidatorIndex(2));
        }

        Assert.Equal(10, cluster.Nodes[1].Disk.Final.Count);
        var waiting = cluster.InFlight.Count(packet => packet.Envelope.Message is AppendEntries);
        Assert.Equal(3, waiting);

        // What did not fit comes in one message when there is room.
        cluster.Deliver<AppendEntries>();
        cluster.Deliver<Appended>();
        var batch = cluster.InFlight.Select(packet => packet.Envelope.Message).OfType<AppendEntries>();
        Assert.Equal(7, Assert.Single(batch).Entries.Count);
        cluster.DeliverAll();
        Assert.Equal(10, cluster.Nodes[2].Disk.Final.Count);
    }

    [Fact]
    public void A_message_that_was_lost_is_missed_by_the_next_and_sent_again()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("lost");
        cluster.Drop<AppendEntries>(packet => packet.To == new ValidatorIndex(2));
        cluster.Propose("next");
        cluster.DeliverAll();
        Assert.Equal(["lost", "next"], cluster.Nodes[2].FinalPayloads);
    }

    [Fact]
    public void A_message_that_was_lost_without_a_next_is_sent_again_in_time()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("lost");
        cluster.Drop<Message>();
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.True(cluster.Nodes[0].Engine!.IsLeader);
        Assert.All(cluster.Nodes, node => Assert.Equal(["lost"], node.FinalPayloads));
    }

    [Fact]
    public void An_acknowledgement_that_was_lost_is_said_again()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("apple");
        cluster.Deliver<AppendEntries>();
        cluster.Drop<Appended>();
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(["apple"], cluster.Nodes[0].FinalPayloads);
    }

    [Fact]
    public void The_word_that_entries_are_committed_is_said_again_when_it_was_lost()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("apple");
        cluster.Deliver<AppendEntries>();
        cluster.Deliver<Appended>();
        cluster.Drop<Committed>();
        Assert.Empty(cluster.Nodes[1].FinalPayloads);
        cluster.Run(RaftOptions.Default.HeartbeatTicks);
        Assert.Equal(["apple"], cluster.Nodes[1].FinalPayloads);
    }

    [Fact]
    public void Signatures_that_were_lost_are_asked_for_while_the_last_committed_block_lacks_them()
    {
        var cluster = new RaftCluster(5);
        cluster.Elect(0);
        cluster.Nodes[3].Crash();
        cluster.Nodes[4].Crash();
        cluster.Propose("first");
        cluster.Propose("second");
        cluster.Deliver<AppendEntries>();

        // R1's word on the first block arrives and R2's on the second: three logs hold the first, two have
        // signed it.
        cluster.Deliver<Appended>(packet => IsFrom(packet, 1, 2) || IsFrom(packet, 2, 3));
        cluster.Drop<Message>();
        Assert.Equal(new LogIndex(2), cluster.Nodes[0].Engine!.CommitIndex);
        Assert.Empty(cluster.Nodes[0].FinalPayloads);

        cluster.Run(RaftOptions.Default.HeartbeatTicks);
        Assert.Equal(["first"], cluster.Nodes[0].FinalPayloads);

        static bool IsFrom(Packet packet, int from, ulong index)
            => packet.From.Value == from && packet.Envelope.Message is Appended said
            && said.Index.Value == index;
    }

    [Fact]
    public void A_leader_that_contradicts_what_is_committed_is_refused_and_noticed()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(2);
        var liar = new AppendEntries(new(9), LogIndex.Zero, Term.Zero, [new NoOpEntry(new(9), new(1))]);
        cluster.Forge(2, liar, 1);
        cluster.Deliver<AppendEntries>();
        Assert.Equal("1", cluster.Nodes[1].Log);
        Assert.Contains(cluster.Nodes[1].Notices, notice => notice is Notice.LogRefused);
    }

    [Fact]
    public void A_leader_of_the_past_learns_that_it_is_one()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Partition(0);
        cluster.Nodes[1].Tick(1);
        cluster.Elect(1);
        cluster.Heal();
        cluster.Drop<Message>();
        cluster.Nodes[0].Tick(RaftOptions.Default.HeartbeatTicks);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[0].Engine!.IsLeader);
        Assert.Equal(new Term(2), cluster.Nodes[0].Engine!.Term);
    }

    [Fact]
    public void A_new_leader_proposes_only_when_what_it_found_is_decided()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("old");
        cluster.Deliver<AppendEntries>();
        cluster.Drop<Message>();
        cluster.Nodes[0].Crash();
        cluster.Elect(1, RaftCluster.IsElection);
        Assert.Null(cluster.Nodes[1].Requested);
        cluster.DeliverAll();
        Assert.Equal(["old"], cluster.Nodes[1].FinalPayloads);
        Assert.Equal(new Height(2), cluster.Nodes[1].Requested!.Height);
    }

    [Fact]
    public void A_block_that_comes_after_its_leaders_term_is_dropped_and_its_transactions_wait_again()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Partition(0);
        cluster.Nodes[0].Tick(2 * RaftOptions.Default.ElectionTicks);
        cluster.Propose(0, "late");
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.ProposalDropped);
        Assert.Equal("1", cluster.Nodes[0].Log);
    }

    [Fact]
    public void A_restarted_node_acts_the_same()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        for (var i = 0; i < 5; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll();
        }

        for (var i = 0; i < 3; i++)
        {
            cluster.Restart(i);
            var engine = cluster.Nodes[i].Engine!;
            Assert.Equal((new Term(1), new LogIndex(6), new LogIndex(6)), (
                engine.Term, engine.LastIndex, engine.CommitIndex));
        }

        cluster.RunToLeader();
        cluster.Propose("after");
        cluster.Run(2);
        Assert.All(cluster.Nodes, node => Assert.Equal(6, node.Disk.Final.Count));
    }
}
