using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>Each safety rule by its name, at its edge (<see cref="Safety"/>).</summary>
public sealed class SafetyTests
{
    private static readonly ValidatorIndex Self = new(0);

    [Fact]
    public void R1_one_vote_in_a_term()
    {
        var safety = New();
        Assert.NotNull(safety.MayVote(new(1), new(1), LogIndex.Zero, Term.Zero));
        Assert.Null(safety.MayVote(new(2), new(1), LogIndex.Zero, Term.Zero));
        Assert.NotNull(safety.MayVote(new(1), new(1), LogIndex.Zero, Term.Zero));
        Assert.Null(safety.MayVote(new(2), Term.Zero, LogIndex.Zero, Term.Zero));
        Assert.NotNull(safety.MayVote(new(2), new(2), LogIndex.Zero, Term.Zero));
    }

    [Fact]
    public void R1_a_candidate_has_voted_for_itself()
    {
        var safety = New();
        var record = safety.MayCampaign(Self);
        Assert.Equal(new TermEntered(new(1), Self), record);
        Assert.Null(safety.MayVote(new(1), new(1), new(9), new(9)));
    }

    [Fact]
    public void R1_a_restarted_replica_does_not_vote_twice()
    {
        var cluster = new RaftCluster(3);
        cluster.Nodes[0].Tick(RaftOptions.Default.ElectionTicks);
        Ask(1);
        cluster.Deliver<RequestVote>();
        cluster.Restart(0);
        cluster.Nodes[0].Tick(RaftOptions.Default.ElectionTicks);
        Ask(2);
        cluster.Deliver<RequestVote>();

        Assert.Contains("R0 says VOTE t1 for R1", cluster.Transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("R0 says VOTE t1 for R2", cluster.Transcript, StringComparison.Ordinal);

        void Ask(int candidate) => cluster.Forge(
            candidate, new RequestVote(new(candidate), new(1), LogIndex.Zero, Term.Zero, IsTransfer: false),
            0);
    }

    [Fact]
    public void R1_a_vote_that_could_not_be_persisted_was_not_said()
    {
        var cluster = new RaftCluster(3);
        cluster.Nodes[1].Disk.WritesUntilDeath = 0;
        cluster.Nodes[1].Tick(RaftOptions.Default.ElectionTicks);
        cluster.Campaign(0);
        cluster.DeliverAll();
        Assert.False(cluster.Nodes[1].IsAlive);
        Assert.DoesNotContain("R1 says VOTE", cluster.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void R2_a_leader_adds_entries_of_its_own_term_only_and_cuts_nothing()
    {
        var safety = Leading(1, 2);
        Assert.Equal(new Term(3), safety.Term);
        Assert.Null(safety.MayAppend(new NoOpEntry(new(2), new(3))));
        Assert.Null(safety.MayAppend(new NoOpEntry(new(3), new(2))));
        Assert.Null(safety.MayTruncate(new(2)));
        Assert.Null(safety.MayStore(new NoOpEntry(new(3), new(3))));
        Assert.Null(safety.MayInstall(new(new(9), new(2), default, Configuration(3))));
        Assert.NotNull(safety.MayAppend(new NoOpEntry(new(3), new(3))));
    }

    [Fact]
    public void R2_one_that_does_not_lead_adds_nothing_of_its_own()
    {
        var safety = Leading(1, 2);
        safety.MayEnter(new(4));
        Assert.Null(safety.MayAppend(new NoOpEntry(new(4), new(3))));
    }

    [Fact]
    public void R3_an_entry_is_stored_only_right_behind_the_one_it_was_sent_after()
    {
        var safety = Holding(term: 3, 1, 2);
        Assert.True(safety.Matches(new(2), new(2)));
        Assert.False(safety.Matches(new(2), new(1)));
        Assert.False(safety.Matches(new(3), new(2)));
        Assert.Null(safety.MayStore(new NoOpEntry(new(3), new(4))));
        Assert.Null(safety.MayStore(new NoOpEntry(new(3), new(2))));
        Assert.Null(safety.MayStore(new NoOpEntry(new(1), new(3))));
        Assert.Null(safety.MayStore(new NoOpEntry(new(4), new(3))));
        Assert.NotNull(safety.MayStore(new NoOpEntry(new(3), new(3))));
    }

    [Fact]
    public void R3_a_block_stands_on_the_last_block_of_the_log()
    {
        var safety = Holding(term: 1, 1);
        var stray = BlockOn(Sha256.Hash("elsewhere"u8), new(1));
        Assert.Null(safety.MayStore(new BlockEntry(new(1), new(2), stray)));
        Assert.Null(safety.MayStore(new BlockEntry(new(1), new(2), BlockOn(default, new(2)))));
        Assert.NotNull(safety.MayStore(new BlockEntry(new(1), new(2), BlockOn(default, new(1)))));
    }

    [Fact]
    public void R4_a_vote_goes_only_to_a_log_as_complete_as_ones_own()
    {
        var safety = Holding(term: 3, 1, 3, 3);
        Assert.Null(safety.MayVote(new(1), new(4), new(9), new(2)));
        Assert.Null(safety.MayVote(new(1), new(4), new(2), new(3)));
        Assert.NotNull(safety.MayVote(new(1), new(4), new(3), new(3)));
        Assert.NotNull(safety.MayVote(new(2), new(5), new(1), new(4)));
    }

    [Fact]
    public void R4_a_leader_commits_only_through_an_entry_of_its_own_term()
    {
        var safety = Leading(1, 2);
        Assert.False(safety.MayCommit(new(2)));
        safety.MayAppend(new NoOpEntry(new(3), new(3)));
        Assert.False(safety.MayCommit(new(2)));
        Assert.True(safety.MayCommit(new(3)));
        safety.CommitTo(new(3));
        Assert.False(safety.MayCommit(new(3)));
    }

    [Fact]
    public void R5_what_is_committed_is_never_cut()
    {
        var safety = Holding(term: 2, 1, 1, 1);
        safety.CommitTo(new(2));
        Assert.Null(safety.MayTruncate(new(2)));
        Assert.NotNull(safety.MayTruncate(new(3)));
        Assert.Equal(new LogIndex(2), safety.Log.LastIndex);
        Assert.Throws<InvariantBrokenException>(() => safety.CommitTo(new(3)));
    }

    [Fact]
    public void R5_a_follower_commits_no_further_than_its_log_is_known_to_be_the_leaders()
    {
        // Two entries of an older leader; the new one's word reaches to #2, its entries do not.
        var cluster = new RaftCluster(3);
        LogBuilder.Write(cluster.Nodes[1], term: 2, 1, 1);
        cluster.Forge(0, new Committed(new(3), new(2), null), 1);
        cluster.DeliverAll();
        Assert.Equal(LogIndex.Zero, cluster.Nodes[1].Engine!.CommitIndex);
    }

    [Fact]
    public void R6_a_block_is_signed_only_behind_an_entry_of_the_current_term()
    {
        var safety = Holding(term: 1, 1);
        safety.MayStore(new BlockEntry(new(1), new(2), BlockOn(default, new(1))));
        Assert.Equal(new Height(1), safety.MaySign(new(2))?.Height);
        Assert.Null(safety.MaySign(new(1)));

        safety.MayEnter(new(2));
        Assert.Null(safety.MaySign(new(2)));
        safety.MayStore(new NoOpEntry(new(2), new(3)));
        Assert.Equal(new Height(1), safety.MaySign(new(3))?.Height);
        Assert.Null(safety.MaySign(new(2)));
        Assert.Null(safety.MaySign(new(4)));
    }

    [Fact]
    public void R7_one_change_of_members_at_a_time_and_none_before_the_leader_knows_what_is_committed()
    {
        var safety = Leading(1);
        Assert.False(safety.MayReconfigure);
        safety.MayAppend(new NoOpEntry(new(2), new(2)));
        Assert.False(safety.MayReconfigure);
        safety.CommitTo(new(2));
        Assert.True(safety.MayReconfigure);
        safety.MayAppend(new ConfigurationEntry(new(2), new(3), Configuration(4), null));
        Assert.False(safety.MayReconfigure);
        safety.CommitTo(new(3));
        Assert.True(safety.MayReconfigure);
    }

    [Fact]
    public void R7_a_configuration_counts_from_when_it_is_stored_until_it_is_cut()
    {
        var safety = Holding(term: 1, 1);
        safety.MayStore(new ConfigurationEntry(new(1), new(2), Configuration(5), null));
        Assert.Equal(Configuration(5), safety.Log.Configuration);
        safety.MayTruncate(new(2));
        Assert.Equal(Configuration(3), safety.Log.Configuration);
    }

    [Fact]
    public void A_joint_configuration_needs_both_majorities()
    {
        RaftConfiguration joint = new([new(2), new(3), new(4)], [new(0), new(1), new(2)], [], []);
        Assert.False(joint.IsQuorum(new HashSet<ValidatorIndex> { new(2), new(3), new(4) }));
        Assert.False(joint.IsQuorum(new HashSet<ValidatorIndex> { new(0), new(1), new(2) }));
        Assert.True(joint.IsQuorum(new HashSet<ValidatorIndex> { new(0), new(2), new(3) }));
        Assert.Equal(3UL, joint.ReachedByQuorum(voter => voter.Value >= 2 ? 9UL : (ulong)voter.Value + 2));
    }

    [Fact]
    public void A_compacted_journal_rebuilds_the_same_state()
    {
        var safety = Holding(term: 5, 1, 1, 2, 4);
        safety.MayStore(new ConfigurationEntry(new(5), new(5), Configuration(4), null));
        safety.MayVote(new(2), new(6), new(9), new(9));
        safety.CommitTo(new(3));
        safety.Forget(new(2));
        var again = New();
        foreach (var record in safety.Compacted(new(3)))
        {
            again.Apply(record);
        }

        Assert.Equal(
            (safety.Term, safety.VotedFor, new LogIndex(3)), (again.Term, again.VotedFor, again.Commit));
        Assert.Equal((safety.Log.LastIndex, safety.Log.LastTerm), (again.Log.LastIndex, again.Log.LastTerm));
        Assert.Equal(Configuration(4), again.Log.Configuration);
        Assert.Equal(new LogIndex(3), again.Log.Start.Index);
    }

    private static Safety New() => new(new(LogIndex.Zero, Term.Zero, default, Configuration(3)));

    private static Safety Holding(ulong term, params ReadOnlySpan<ulong> terms)
    {
        var safety = New();
        safety.Apply(new TermEntered(new(term), null));
        foreach (var t in terms)
        {
            safety.Apply(new Stored(new NoOpEntry(new(t), safety.Log.LastIndex.Next)));
        }

        return safety;
    }

    private static Safety Leading(params ReadOnlySpan<ulong> terms)
    {
        var safety = Holding(terms[^1], terms);
        safety.MayCampaign(Self);
        safety.Lead(Self);
        return safety;
    }

    private static RaftConfiguration Configuration(int voters)
        => new(new Membership([.. Enumerable.Range(0, voters).Select(i => new ValidatorIndex(i))], [], []));

    private static Block BlockOn(Digest parent, Height height)
        => new(
            new("simulation", height, parent, new(1), Self, TransactionTree.RootOf([]), default, default,
                default, default),
            []);
}
