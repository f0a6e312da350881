using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>Leaving a primary behind without losing what it committed (OSDI '99 §4.4, FC '22 §3).</summary>
public sealed class ViewChangeTests
{
    /// <summary>Nothing is said twice, so that a transcript shows each step once.</summary>
    private static readonly PbftOptions SaidOnce =
        PbftOptions.Default with { RepeatEvery = TimeSpan.FromHours(1) };

    [Fact]
    public void A_dead_primary_is_left_and_the_next_one_proposes()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Nodes[0].Crash();
        cluster.Submit("apple");
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();

        Assert.Equal(
            """
            R1 says VIEW-CHANGE to v1 with v0 h0 genesis
            R2 says VIEW-CHANGE to v1 with v0 h0 genesis
            R3 says VIEW-CHANGE to v1 with v0 h0 genesis
            R1 says NEW-VIEW v1 on v0 h0 genesis
            R1 says PRE-PREPARE v1 h1 apple
            R2 says PREPARE v1 h1 apple
            R3 says PREPARE v1 h1 apple
            """,
            string.Join('\n', cluster.Transcript.Split('\n').Take(7)));
        Assert.All(cluster.Nodes.Skip(1), node => Assert.Single(node.Disk.Final));
    }

    [Fact]
    public void A_prepared_block_becomes_the_base_and_final_through_an_empty_descendant()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Commit>();
        cluster.Nodes[0].Crash();
        cluster.ClearTranscript();
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();

        Assert.Contains("R1 says NEW-VIEW v1 on v0 h1 apple", cluster.Transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("PRE-PREPARE v1 h1", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains("R1 says PRE-PREPARE v1 h2 empty-1-2", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains(
            "R2 commits h1 apple\nR2 commits h2 empty-1-2", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// The window was counted from the final head alone, so that no descendant of the base had a place.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_base_at_the_end_of_the_window_still_gets_its_descendant(int window)
    {
        var cluster = new Cluster(replicas: 4, SaidOnce with { Window = window });
        for (var height = 1; height <= window; height++)
        {
            cluster.Propose(replica: 0, $"apple-{height}");
            cluster.Deliver<PrePrepare>();
            cluster.Deliver<Prepare>();
            cluster.Drop<Commit>();
        }

        cluster.Nodes[0].Crash();
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();

        Assert.Contains($"R1 says NEW-VIEW v1 on v0 h{window} apple-{window}", cluster.Transcript,
            StringComparison.Ordinal);
        Assert.Contains(
            $"R2 commits h{window + 1} empty-1-{window + 1}", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// A network that stood still for longer than clocks may differ could never validate its own base again.
    /// </summary>
    [Fact]
    public void A_base_is_valid_however_old_it_has_become()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Commit>();
        foreach (var node in cluster.Nodes)
        {
            node.Crash();
            node.FindsOld.Add("apple");
        }

        for (var i = 1; i < 4; i++)
        {
            cluster.Restart(i);
            cluster.Drop<Message>();
        }

        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();
        Assert.Contains("R2 commits h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// The same, when a replica met the block too late: it finds it old, and later that it is the base.
    /// </summary>
    [Fact]
    public void A_block_found_old_is_judged_again_when_it_is_the_base()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Nodes[3].FindsOld.Add("apple");
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        cluster.Drop<Commit>();
        cluster.Nodes[0].Crash();
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();

        Assert.Contains("R3 says PREPARE v1 h2", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains("R3 commits h1 apple", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// With too few votes to decide and no work of its own it stayed behind, and silent, on an idle network.
    /// </summary>
    [Fact]
    public void Who_hears_of_a_prepared_block_and_has_none_asks_until_it_is_final()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "apple");
        cluster.Drop<PrePrepare>(packet => packet.To.Value == 3);
        cluster.Deliver<PrePrepare>();
        cluster.Drop<Prepare>(packet => packet.To.Value == 3);
        cluster.Deliver<Prepare>();
        cluster.Drop<Commit>(packet => packet.To.Value == 3 && packet.From.Value == 0);
        cluster.Deliver<Commit>();
        Assert.Empty(cluster.Nodes[3].Disk.Final);

        cluster.Drop<Message>();
        for (var i = 0; i < 4; i++)
        {
            cluster.Advance(cluster.Options.RepeatEvery);
            cluster.DeliverAll();
        }

        Assert.Single(cluster.Nodes[3].Disk.Final);
    }

    /// <summary>Of three, two go on without the third's word; all said for ever where they stand.</summary>
    [Fact]
    public void L1_what_a_left_view_had_prepared_is_waited_for_no_more()
    {
        var cluster = new Cluster(replicas: 3);
        cluster.Propose(replica: 0, "apple");
        cluster.Drop<PrePrepare>(packet => packet.To.Value == 2);
        cluster.Deliver<PrePrepare>();
        cluster.Drop<Prepare>();
        cluster.Deliver<Commit>();
        Assert.Contains("R1 says COMMIT v0 h1", cluster.Transcript, StringComparison.Ordinal);

        cluster.Nodes[1].Crash();
        cluster.Nodes[0].Take(new Input.RequestOverdue(View.Zero));
        cluster.Nodes[2].Take(new Input.RequestOverdue(View.Zero));
        cluster.DeliverAll();
        cluster.Advance(4 * cluster.Options.ViewTimeout);
        cluster.DeliverAll();
        Assert.All([cluster.Nodes[0], cluster.Nodes[2]], node => Assert.True(node.Engine!.HasEntered));

        cluster.Advance(20 * cluster.Options.RepeatEvery);
        cluster.DeliverAll();
        cluster.Advance(20 * cluster.Options.RepeatEvery);
        Assert.Empty(cluster.InFlight);
        Assert.False(cluster.AnyTimer);
    }

    /// <summary>It went on asking for ever, though nothing was pending anywhere.</summary>
    [Fact]
    public void L1_who_asks_for_a_view_alone_falls_silent_once_nothing_waits()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].Take(new Input.WorkPending(true));
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Nodes[1].Take(new Input.WorkPending(false));
        cluster.Advance(2 * cluster.Options.RepeatEvery);
        cluster.DeliverAll();
        cluster.Advance(20 * cluster.Options.RepeatEvery);

        Assert.Empty(cluster.InFlight);
        Assert.False(cluster.AnyTimer);
    }

    /// <summary>Two waited in view 1 for a third, that waited for them in view 2, for ever.</summary>
    [Fact]
    public void L3_who_asks_for_a_higher_view_counts_for_the_clock_of_a_lower_one()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Nodes[0].Crash();
        cluster.Nodes[3].Crash();
        cluster.Submit("apple");
        cluster.Forge(3, new ViewChange(new(2), QuorumCertificate.ForGenesis(cluster.Genesis)), 1, 2);
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[1].Engine!.HasEntered);

        cluster.Advance(4 * cluster.Options.ViewTimeout);
        cluster.DeliverAll();
        Assert.True(cluster.Nodes[1].Engine!.View >= new View(2));
    }

    [Fact]
    public void S3_a_late_certificate_never_replaces_a_higher_one()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();

        // R1 asks to leave before the PREPAREs reach it: they still make a certificate, but it commits to
        // nothing.
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Deliver<Prepare>();

        Assert.DoesNotContain("R1 says COMMIT", cluster.Transcript, StringComparison.Ordinal);
        Assert.Contains(
            "R1 says VIEW-CHANGE to v1 with v0 h0 genesis", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void S3_a_replica_that_asked_to_leave_prepares_no_more()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        Assert.DoesNotContain("R1 says PREPARE", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void S4_a_view_is_asked_for_once_with_one_report()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Nodes[1].Take(new Input.WorkPending(true));
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Deliver<Prepare>();
        cluster.Drop<Message>();

        // It knows a higher certificate by now; what it repeats is still its first report.
        cluster.Advance(cluster.Options.RepeatEvery);
        var repeated = cluster.InFlight.Select(packet => packet.Envelope)
            .Where(envelope => envelope.From == new ValidatorIndex(1) && envelope.Message is ViewChange)
            .Select(envelope => ((ViewChange)envelope.Message).Highest.Subject.Height)
            .Distinct();
        Assert.Equal([Height.Genesis], repeated);
    }

    [Fact]
    public void L4_f_plus_1_requests_for_higher_views_are_joined_at_the_highest_view_so_many_have_reached()
    {
        var cluster = new Cluster(replicas: 4);
        var genesis = QuorumCertificate.ForGenesis(cluster.Genesis);
        cluster.Forge(2, new ViewChange(new(5), genesis), to: 1);
        cluster.Deliver<ViewChange>();
        Assert.Equal(View.Zero, cluster.Nodes[1].Engine!.View);

        cluster.Forge(3, new ViewChange(new(9), genesis), to: 1);
        cluster.Deliver<ViewChange>(packet => packet.To == new ValidatorIndex(1));
        Assert.Equal(new View(5), cluster.Nodes[1].Engine!.View);
    }

    [Fact]
    public void L2_the_timer_doubles_with_each_failed_view_up_to_its_cap_and_a_commit_resets_it()
    {
        var options = PbftOptions.Default with
        {
            ViewTimeout = TimeSpan.FromMilliseconds(100),
            ViewTimeoutMax = TimeSpan.FromMilliseconds(400),
            RepeatEvery = TimeSpan.FromHours(1),
        };
        var cluster = new Cluster(replicas: 4, options);
        cluster.Nodes[1].Crash();
        cluster.Submit("apple");
        List<double> waits = [];
        for (var view = 1; view <= 4; view++)
        {
            cluster.Drop<PrePrepare>();
            cluster.Drop<NewView>();
            var asked = cluster.Now;
            Assert.True(cluster.FireNextTimer());
            while (cluster.Nodes[0].Engine!.View.Value < (ulong)view)
            {
                cluster.Deliver<ViewChange>();
                Assert.True(cluster.FireNextTimer());
            }

            waits.Add((cluster.Now - asked).TotalMilliseconds);
            cluster.Deliver<ViewChange>();
        }

        Assert.Equal([100, 200, 400, 400], waits);
    }

    [Fact]
    public void L3_the_clock_of_a_view_starts_only_when_a_quorum_has_asked_for_it()
    {
        var cluster = new Cluster(replicas: 4, SaidOnce);
        cluster.Nodes[1].Take(new Input.RequestOverdue(View.Zero));
        cluster.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(new View(1), cluster.Nodes[1].Engine!.View);
    }

    [Fact]
    public void An_equivocating_primary_is_evidence_and_is_left_at_once()
    {
        var cluster = new Cluster(replicas: 4);
        var first = cluster.MakeBlock(new(0), new(1), cluster.Genesis, "heads");
        var second = cluster.MakeBlock(new(0), new(1), cluster.Genesis, "tails");
        cluster.Forge(0, new PrePrepare(View.Zero, first), 1);
        cluster.Forge(0, new PrePrepare(View.Zero, second), 1);
        cluster.Deliver<PrePrepare>();

        var evidence = Assert.Single(cluster.Nodes[1].Notices.OfType<Notice.Equivocation>());
        Assert.Equal(new ValidatorIndex(0), evidence.Validator);
        Assert.Contains("R1 says VIEW-CHANGE to v1", cluster.Transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("tails", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void S1_a_second_proposal_for_a_height_is_never_prepared()
    {
        var cluster = new Cluster(replicas: 4);
        foreach (var payload in (string[])["heads", "tails"])
        {
            var block = cluster.MakeBlock(new(0), new(1), cluster.Genesis, payload);
            cluster.Forge(0, new PrePrepare(View.Zero, block), 1, 2, 3);
        }

        cluster.DeliverAll();
        Assert.DoesNotContain("PREPARE v0 h1 tails", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void S2_a_proposal_that_does_not_extend_the_base_is_not_prepared()
    {
        var cluster = new Cluster(replicas: 4);
        var stranger = cluster.MakeBlock(new(0), new(1), Crypto.Sha256.Hash("elsewhere"u8), "stranger");
        cluster.Forge(0, new PrePrepare(View.Zero, stranger), 1, 2, 3);
        cluster.DeliverAll();
        Assert.DoesNotContain("says PREPARE", cluster.Transcript, StringComparison.Ordinal);
    }

    /// <summary>
    /// The schedule that the protocol's rule against proposing again below the base exists for: a block is
    /// committed at height 2; in the next view its ancestor at height 1 is offered again. A quorum for that
    /// would be a certificate of a higher view and a lower height: it would outrank the committed block's,
    /// and the view after would lose it.
    /// </summary>
    [Fact]
    public void S2_an_ancestor_of_the_base_is_never_prepared_again_so_no_committed_block_is_outranked()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "one");
        cluster.Propose(replica: 0, "two");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();

        // Only R3 learns that both are committed; R1 to R3 hold the certificate for height 2.
        cluster.Deliver<Commit>(packet => packet.To == new ValidatorIndex(3));
        cluster.Drop<Commit>();
        Assert.Equal(2, cluster.Nodes[3].Disk.Final.Count);
        var one = cluster.Nodes[3].Disk.Final[0];

        cluster.Nodes[0].Crash();
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.Deliver<ViewChange>();
        cluster.Deliver<ViewChange>();
        cluster.Deliver<NewView>();
        cluster.Drop<Message>();
        Assert.Contains("R1 says NEW-VIEW v1 on v0 h2 two", cluster.Transcript, StringComparison.Ordinal);
        cluster.ClearTranscript();

        // The primary of view 1 lies: it offers height 1 anew, in its own view.
        var again = cluster.MakeBlock(new(1), new(1), cluster.Genesis, "one-again");
        cluster.Forge(1, new PrePrepare(new(1), again), 2, 3);
        cluster.DeliverAll();
        Assert.DoesNotContain("says PREPARE v1 h1", cluster.Transcript, StringComparison.Ordinal);
        Assert.Equal(one.Hash, cluster.Nodes[3].Disk.Final[0].Hash);
    }

    [Fact]
    public void A_new_view_on_less_than_the_highest_certificate_is_refused_at_the_gate()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Propose(replica: 0, "apple");
        cluster.Deliver<PrePrepare>();
        cluster.Deliver<Prepare>();
        var reports = new List<Report>();
        var target = new View(1);
        for (var i = 0; i < 3; i++)
        {
            var highest = cluster.InFlight.Select(packet => packet.Envelope.Message).OfType<Commit>()
                .First().Subject;
            reports.Add(new(
                new(i), highest,
                cluster.Signatures.Sign(new(i), Report.StatementOn(cluster.Chain, target, highest))));
        }

        var lie = new NewView(new(target, reports), QuorumCertificate.ForGenesis(cluster.Genesis));
        cluster.Forge(1, lie, 2, 3);
        cluster.Deliver<NewView>();
        Assert.Equal(View.Zero, cluster.Nodes[2].Engine!.View);
    }

    [Fact]
    public void A_replica_that_missed_the_new_view_is_shown_it_when_it_connects()
    {
        var cluster = new Cluster(replicas: 4);
        cluster.Nodes[0].Crash();
        cluster.Submit("apple");
        cluster.Advance(cluster.Options.ViewTimeout);
        cluster.DeliverAll(
            packet => packet.To != new ValidatorIndex(3) || packet.Envelope.Message is not NewView);
        cluster.Drop<Message>();
        Assert.False(cluster.Nodes[3].Engine!.HasEntered);

        cluster.Connect(cluster.Nodes[3]);
        cluster.DeliverAll();
        Assert.True(cluster.Nodes[3].Engine!.HasEntered);
    }
}
