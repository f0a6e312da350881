using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Simulation;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>
/// Changes of the validator set: what ends an epoch, who counts in the next, and what a crash in between
/// costs.
/// </summary>
public sealed class EpochTests
{
    [Fact]
    public void A_newcomer_votes_and_one_removed_does_not_from_the_block_after_the_change_on()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4, remove 1");
        cluster.DeliverAll();
        Join(cluster, 4);
        cluster.ClearTranscript();
        cluster.Submit("apple");
        cluster.DeliverAll();

        Assert.Equal([0, 2, 3, 4], WhoSays("PREPARE v0 of epoch 1 h2 apple", cluster));
        Assert.Equal([0, 2, 3, 4], WhoSays("COMMIT v0 of epoch 1 h2 apple", cluster));
        AssertFinal(cluster, ["add 4, remove 1", "apple"], 0, 2, 3, 4);
        AssertFinal(cluster, ["add 4, remove 1"], 1);
        Assert.Contains(cluster.Nodes[1].Notices, notice => notice is Notice.Removed);
        Assert.DoesNotContain("R1 says", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void S6_nothing_is_proposed_on_a_change_before_it_is_final()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4");
        cluster.Submit("apple");
        cluster.Deliver<PrePrepare>();

        Assert.DoesNotContain(cluster.InFlight, packet => packet.Envelope.Message is PrePrepare);
        Assert.Null(cluster.Nodes[0].Requested);
        cluster.DeliverAll();
        AssertFinal(cluster, ["add 4", "apple"], 0, 1, 2, 3, 4);
    }

    [Fact]
    public void S6_what_stands_on_a_change_that_is_not_final_is_not_prepared()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        var change = cluster.MakeBlock(new(0), new(1), cluster.Genesis, "add 4");
        var apple = cluster.MakeBlock(new(0), new(2), change.Hash, "apple");
        cluster.Forge(0, new PrePrepare(View.Zero, change), 1, 2, 3);
        cluster.Forge(0, new PrePrepare(View.Zero, apple), 1, 2, 3);
        cluster.Deliver<PrePrepare>();

        Assert.Equal([1, 2, 3], WhoSays("PREPARE v0 h1 add 4", cluster));
        Assert.DoesNotContain("h2", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_below_the_change_in_the_pipeline_become_final_with_it()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("apple");
        cluster.Submit("pear");
        cluster.Submit("add 4");
        cluster.DeliverAll();
        AssertFinal(cluster, ["apple", "pear", "add 4"], 0, 1, 2, 3);
    }

    [Fact]
    public void A_change_that_became_the_base_of_a_view_is_proposed_again_and_becomes_final()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Commit>();
        cluster.Nodes[0].Crash();
        Timeout(cluster, 1, 2, 3);

        Assert.Contains("R1 says PRE-PREPARE v1 h1 add 4", cluster.Transcript, StringComparison.Ordinal);
        AssertFinal(cluster, ["add 4"], 1, 2, 3);

        Join(cluster, 4);
        cluster.Restart(0);
        cluster.DeliverAll();
        cluster.Submit("apple");
        cluster.DeliverAll();
        AssertFinal(cluster, ["add 4", "apple"], 0, 1, 2, 3, 4);
    }

    [Fact]
    public void One_that_missed_the_change_gets_it_from_those_who_have_gone_on()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Nodes[3].Crash();
        cluster.Submit("add 4");
        cluster.DeliverAll();
        cluster.Submit("apple");
        cluster.DeliverAll();
        cluster.Restart(3);
        cluster.DeliverAll();
        cluster.ClearTranscript();
        cluster.Submit("pear");
        cluster.DeliverAll();

        AssertFinal(cluster, ["add 4", "apple", "pear"], 0, 1, 2, 3, 4);
        Assert.Equal([0, 1, 2, 3, 4], WhoSays("COMMIT v0 of epoch 1 h3 pear", cluster));
    }

    [Fact]
    public void Only_one_learns_that_the_change_is_final_and_the_others_follow()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Deliver<Commit>(packet => packet.To == new ValidatorIndex(2));
        cluster.Drop<Commit>();
        AssertFinal(cluster, ["add 4"], 2);
        AssertFinal(cluster, [], 0, 1, 3);

        cluster.Advance(TimeSpan.FromSeconds(10));
        cluster.DeliverAll();
        Settle(cluster);
        AssertFinal(cluster, ["add 4"], 0, 1, 2, 3);
        Assert.All(cluster.Nodes.Take(4), node => Assert.Equal(1UL, node.Engine!.View.Epoch));
    }

    /// <summary>
    /// Simulation of two validators and two that joined, seed 91: the others cannot go on without it, and it
    /// must not vote any more. One that lies, or is down, is enough for that among four.
    /// </summary>
    [Fact]
    public void Only_the_one_that_is_removed_learns_it_and_the_others_follow()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Submit("remove 3");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Deliver<Commit>(packet => packet.To == new ValidatorIndex(3));
        cluster.Drop<Message>();
        cluster.Nodes[1].Crash();
        AssertFinal(cluster, ["remove 3"], 3);
        AssertFinal(cluster, [], 0, 2);

        cluster.Advance(TimeSpan.FromSeconds(10));
        cluster.DeliverAll();
        AssertFinal(cluster, ["remove 3"], 0, 2);
    }

    [Fact]
    public void A_crash_between_the_votes_and_the_finality_of_a_change_loses_neither()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Message>();
        for (var i = 0; i < 4; i++)
        {
            cluster.Restart(i);
        }

        cluster.DeliverAll();
        AssertFinal(cluster, ["add 4"], 0, 1, 2, 3);
        cluster.Submit("apple");
        cluster.DeliverAll();
        AssertFinal(cluster, ["add 4", "apple"], 0, 1, 2, 3);
    }

    [Fact]
    public void A_restart_after_the_change_resumes_in_the_new_epoch_with_its_votes()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4, remove 0");
        cluster.DeliverAll();
        Join(cluster, 4);
        cluster.ClearTranscript();
        cluster.Submit("apple");
        cluster.Deliver<PrePrepare>();
        cluster.Drop<Message>();
        foreach (var replica in (int[])[2, 4])
        {
            cluster.Restart(replica);
            Assert.Contains(
                $"R{replica} says PREPARE v0 of epoch 1 h2 apple",
                cluster.Transcript[cluster.Transcript.LastIndexOf("restarts", StringComparison.Ordinal)..],
                StringComparison.Ordinal);
        }

        Settle(cluster);
        AssertFinal(cluster, ["add 4, remove 0", "apple"], 1, 2, 3, 4);
    }

    [Fact]
    public void A_primary_of_the_new_epoch_that_is_silent_is_left_like_any_other()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("add 4");
        cluster.DeliverAll();
        cluster.Nodes[0].Crash();
        cluster.Submit("apple");
        Settle(cluster);
        AssertFinal(cluster, ["add 4", "apple"], 1, 2, 3, 4);
        Assert.Equal(new View((1UL << 32) + 1), cluster.Nodes[4].Engine!.View);
    }

    [Fact]
    public void Votes_of_the_epoch_before_count_for_nothing()
    {
        var cluster = new Cluster(replicas: 5);
        cluster.Submit("remove 4");
        cluster.DeliverAll();
        var tip = cluster.Nodes[0].Disk.Final[0].Hash;
        var apple = cluster.MakeBlock(new(0), new(2), tip, "apple");
        cluster.Nodes[1].Crash();
        cluster.Forge(0, new PrePrepare(View.FirstOf(1), apple), 2);
        cluster.Forge(4, new Prepare(new(View.FirstOf(1), apple.Height, apple.Hash)), 2);
        cluster.Forge(1, new Prepare(new(View.Zero, apple.Height, apple.Hash)), 2);
        cluster.DeliverAll(packet => packet.To == new ValidatorIndex(2));

        Assert.DoesNotContain("R2 says COMMIT v0 of epoch 1", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// Replica 2 and two newcomers make a quorum of the new set, and go on to a block that clients are told
    /// of, while a quorum of the old set has not seen the change become final: what these answer is the
    /// change, and no more.
    /// </summary>
    [Fact]
    public void L5_what_a_quorum_of_the_old_set_answers_serves_no_read_once_its_epoch_is_over()
    {
        var cluster = OnlyReplica2AndTheNewcomersWentOn();
        cluster.Nodes[3].Take(new Input.ReadRequested(1, cluster.Now));
        cluster.DeliverAll(packet => packet.Envelope.Message is ReadQuery or ReadAnswer
            && packet.From.Value != 2 && packet.To.Value != 2);
        Assert.Empty(cluster.Nodes[3].Reads);

        cluster.CatchUp(cluster.Nodes[3], new(2));
        Assert.Equal(1UL, cluster.Nodes[3].Epoch.Number);
        Assert.DoesNotContain(1UL, cluster.Nodes[3].Reads.Keys);
        Assert.Equal("the validators have just changed: ask again", cluster.Nodes[3].RefusedReads[1]);

        cluster.Nodes[3].Take(new Input.ReadRequested(2, cluster.Now));
        cluster.DeliverAll();
        Assert.Equal(new Height(2), cluster.Nodes[3].Reads[2]);
    }

    [Fact]
    public void L5_a_read_below_the_end_of_an_epoch_is_served_in_it()
    {
        var cluster = new Cluster(replicas: 4, spares: 1);
        cluster.Submit("apple");
        cluster.DeliverAll();
        cluster.Nodes[3].Take(new Input.ReadRequested(1, cluster.Now));
        cluster.Submit("add 4");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<ReadQuery>();
        cluster.Deliver<ReadAnswer>();
        Assert.Equal(new Height(1), cluster.Nodes[3].Reads[1]);
    }

    [Fact]
    public void The_last_of_three_removals_leaves_one_that_goes_on_alone()
    {
        var cluster = new Cluster(replicas: 4);
        foreach (var change in (string[])["remove 1", "remove 3", "remove 0"])
        {
            cluster.Submit(change);
            cluster.DeliverAll();
        }

        cluster.Submit("apple");
        cluster.DeliverAll();
        AssertFinal(cluster, ["remove 1", "remove 3", "remove 0", "apple"], 2);
    }

    /// <summary>
    /// Simulation of seven validators, seed 39: who is behind an epoch's end asked those past it where they
    /// stood, they answered, and so on as fast as the network carries it, until it had the blocks; two copies
    /// of a liar made it more each time.
    /// </summary>
    [Fact]
    public void Two_on_both_sides_of_an_epochs_end_do_not_ask_each_other_without_end()
    {
        var cluster = OnlyReplica2AndTheNewcomersWentOn();
        cluster.Nodes[4].Crash();
        Hears(3, new(4), new(View.FirstOf(1), true, new(2)));
        Assert.Empty(cluster.InFlight);

        Hears(2, new(3), new(new(1), false, Height.Genesis));
        Assert.IsType<Status>(Assert.Single(cluster.InFlight).Envelope.Message);

        void Hears(int replica, ValidatorIndex from, Status status)
            => cluster.Nodes[replica].Take(new Input.Received(new(new Envelope(from, status, default))));
    }

    [Fact]
    public void L6_who_asks_again_and_again_where_a_replica_stands_is_answered_once_in_a_while()
    {
        var cluster = OnlyReplica2AndTheNewcomersWentOn();
        var asked = new Input.Received(
            new(new Envelope(new(3), new Status(new(1), false, Height.Genesis), default)));
        for (var i = 0; i < 100; i++)
        {
            cluster.Nodes[2].Take(asked);
        }

        Assert.IsType<Status>(Assert.Single(cluster.InFlight).Envelope.Message);

        cluster.Advance(cluster.Options.RepeatEvery);
        cluster.Drop<Message>();
        cluster.Nodes[2].Take(asked);
        Assert.IsType<Status>(Assert.Single(cluster.InFlight).Envelope.Message);
    }

    private static Cluster OnlyReplica2AndTheNewcomersWentOn()
    {
        var cluster = new Cluster(
            replicas: 4, PbftOptions.Default with { RepeatEvery = TimeSpan.FromHours(1) }, spares: 2);
        cluster.Submit("add 4, add 5, remove 0, remove 1");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Deliver<Commit>(packet => packet.To == new ValidatorIndex(2));
        cluster.Drop<Message>();
        cluster.CatchUp(cluster.Nodes[4], new(2));
        cluster.CatchUp(cluster.Nodes[5], new(2));
        cluster.Submit("apple");
        cluster.DeliverAll(packet => packet.From.Value is 2 or 4 or 5 && packet.To.Value is 2 or 4 or 5);
        cluster.Drop<Message>();
        AssertFinal(cluster, ["add 4, add 5, remove 0, remove 1", "apple"], 2, 4, 5);
        AssertFinal(cluster, [], 0, 1, 3);
        return cluster;
    }

    private static int[] WhoSays(string words, Cluster cluster) =>
    [
        .. cluster.Transcript.Split('\n')
            .Where(line => line.EndsWith($"says {words}", StringComparison.Ordinal)
                || line.EndsWith($"says PRE-{words}", StringComparison.Ordinal))
            .Select(line => line[1] - '0').Distinct().Order(),
    ];

    private static void AssertFinal(Cluster cluster, string[] payloads, params int[] replicas)
        => Assert.All(replicas, replica => Assert.Equal(
            payloads, cluster.Nodes[replica].Disk.Final.Select(block => cluster.PayloadOf(block.Hash))));

    /// <summary>Those who know the newcomer connect to it.</summary>
    private static void Join(Cluster cluster, int replica)
    {
        cluster.Connect(cluster.Nodes[replica]);
        cluster.DeliverAll();
    }

    private static void Timeout(Cluster cluster, params int[] replicas)
    {
        foreach (var replica in replicas)
        {
            cluster.Nodes[replica].Take(new Input.RequestOverdue(cluster.Nodes[replica].Engine!.View));
        }

        cluster.DeliverAll();
    }

    /// <summary>Lets timers run and everything arrive until all that waits is final.</summary>
    private static void Settle(Cluster cluster)
    {
        for (var i = 0; i < 200 && cluster.AnyTimer; i++)
        {
            cluster.FireNextTimer();
            cluster.DeliverAll();
        }
    }
}
