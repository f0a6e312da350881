using Ledger.Cli.Doctor;
using Ledger.Node.Api;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>
/// The doctor's judgement, without a network: each fault is named, with its validators, and what is well is
/// left in peace.
/// </summary>
public sealed class DiagnosisTests
{
    [Theory]
    [InlineData("pbft")]
    [InlineData("raft")]
    public void Nothing_is_found_where_all_is_well(string mode)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well(mode));

        Assert.Empty(diagnosis.Findings);
        Assert.Equal(Severity.Note, diagnosis.Severity);
        Assert.Contains("is well at height 40; nothing waits", diagnosis.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void A_removed_validator_counts_for_nothing_and_is_named_as_such()
    {
        var facts = Clinic.Well() with { Validators = ["validator-1", "validator-2", "validator-3"] };
        var diagnosis = Diagnosis.Of(facts);
        Assert.Equal(["validator-4"], diagnosis.The("removed").Who);
        Assert.Equal(Severity.Note, diagnosis.Severity);
        Assert.Contains("network of 3 validators", diagnosis.Headline, StringComparison.Ordinal);

        // Once it is down, nobody misses it.
        var down = facts.With("validator-4", visit => visit.Silent(SilenceKind.NothingListens));
        Assert.Empty(Diagnosis.Of(down).Findings);
    }

    [Fact]
    public void A_fifth_validator_raises_the_quorum_and_one_that_joins_is_none_yet()
    {
        var joining = Clinic.Well().With(
            "validator-4", visit => visit.WithStatus(status => status with { State = "joining" })) with
        {
            Validators = ["validator-1", "validator-2", "validator-3"],
        };
        Assert.Equal(["validator-4"], Diagnosis.Of(joining).The("not_added").Who);

        var learner = joining.With("validator-4", visit => visit.WithStatus(
            status => status with { HeadHash = "" })) with
        { Roles = new Dictionary<string, string> { ["validator-4"] = ValidatorReply.Learner } };
        var other = Diagnosis.Of(learner).The("other_role");
        Assert.Equal(["validator-4"], other.Who);
        Assert.Contains("as a learner", other.What, StringComparison.Ordinal);
        var witness = learner with
        { Roles = new Dictionary<string, string> { ["validator-4"] = ValidatorReply.Witness } };
        Assert.Equal(["validator-4"], Diagnosis.Of(witness).The("not_added").Who);

        var five = Clinic.Well() with { Validators = [.. Clinic.Names, "validator-5"] };
        Assert.Equal(["validator-5"], Diagnosis.Of(five).The("no_margin").Who);
        var three = five.With("validator-4", visit => visit.Silent(SilenceKind.NothingListens))
            .Cut(name => name == "validator-4");
        Assert.Contains(
            "3 of 5, and it takes 4", Diagnosis.Of(three).The("no_quorum").What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SilenceKind.NothingListens, "node_down")]
    [InlineData(SilenceKind.NoAnswer, "node_stands_still")]
    [InlineData(SilenceKind.Unreachable, "node_unreachable")]
    [InlineData(SilenceKind.NotANode, "not_a_node")]
    internal void A_silent_node_is_judged_by_how_it_is_silent(SilenceKind kind, string code)
    {
        var facts = Clinic.Well().With("validator-3", visit => visit.Silent(kind))
            .Cut(name => name == "validator-3");
        var diagnosis = Diagnosis.Of(facts);

        Assert.Equal(Severity.Degraded, diagnosis.Severity);
        Assert.Equal(["validator-3"], diagnosis.The(code).Who);
        Assert.Equal(["validator-3"], diagnosis.The("no_margin").Who);
    }

    [Fact]
    public void A_node_whose_api_alone_is_closed_to_us_is_no_fault_of_the_network()
    {
        var diagnosis = Diagnosis.Of(
            Clinic.Well().With("validator-3", visit => visit.Silent(SilenceKind.NothingListens)));

        Assert.Equal(Severity.Note, diagnosis.The("api_closed").Severity);
        Assert.Single(diagnosis.Findings);
    }

    [Fact]
    public void What_stands_still_takes_no_part_though_it_keeps_its_connections()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well()
            .With("validator-1", visit => visit.Silent(SilenceKind.NoAnswer))
            .With("validator-2", visit => visit.Silent(SilenceKind.NoAnswer)));

        Assert.Equal(["validator-1", "validator-2"], diagnosis.The("no_quorum").Who);
        Assert.Equal(Severity.Halted, diagnosis.Severity);
    }

    [Fact]
    public void The_last_words_and_the_full_disk_of_a_node_that_died_here_are_told()
    {
        LocalTrace trace = new(Runs: false, "error: No space left on device", DiskFreeBytes: 0);
        var diagnosis = Diagnosis.Of(Clinic.Well()
            .With("validator-3", visit => visit.Silent(SilenceKind.NothingListens, trace))
            .Cut(name => name == "validator-3"));

        Assert.Contains("No space left", diagnosis.The("node_down").What, StringComparison.Ordinal);
        Assert.Equal(["validator-3"], diagnosis.The("disk_full").Who);
    }

    [Fact]
    public void A_validator_that_nobody_named_is_judged_by_what_the_others_say()
    {
        var facts = Clinic.Well().Cut(name => name == "validator-4");
        var down = Diagnosis.Of(facts with { Visits = [.. facts.Visits.Take(3)] });
        var unknown = Diagnosis.Of(Clinic.Well() with { Visits = [.. Clinic.Well().Visits.Take(3)] });

        Assert.Contains("half-open", down.The("node_stands_still").What, StringComparison.Ordinal);
        Assert.Equal(Severity.Note, unknown.The("not_asked").Severity);
        Assert.Single(unknown.Findings);
    }

    [Fact]
    public void Two_of_four_are_no_quorum_and_one_missing_leaves_no_margin()
    {
        var two = Clinic.Well().Cut(name => name is "validator-3" or "validator-4");
        var one = Clinic.Well().Cut(name => name == "validator-4");

        Assert.Equal(Severity.Halted, Diagnosis.Of(two).Severity);
        Assert.Equal(["validator-3", "validator-4"], Diagnosis.Of(two).The("no_quorum").Who);
        Assert.Contains(
            "validator-1, validator-2 | validator-3, validator-4; no side has the 3",
            Diagnosis.Of(two).The("partition").What,
            StringComparison.Ordinal);
        Assert.Equal(Severity.Degraded, Diagnosis.Of(one).Severity);
        Assert.Equal(["validator-4"], Diagnosis.Of(one).The("partition").Who);
    }

    [Fact]
    public void Raft_needs_a_majority_only()
    {
        var facts = Clinic.Well("raft").Cut(name => name == "validator-4");

        Assert.Equal(Severity.Degraded, Diagnosis.Of(facts).Severity);
        Assert.Contains(Diagnosis.Of(facts).Findings, finding => finding.Code == "no_margin");
    }

    [Fact]
    public void A_single_cut_link_names_its_two_ends()
    {
        var refused = Clinic.Refused("unreachable", "cannot be reached: TimedOut");
        var diagnosis = Diagnosis.Of(Clinic.Well()
            .With("validator-1", visit => visit.WithPeer("validator-2", refused))
            .With("validator-2", visit => visit.WithPeer("validator-1", refused)));

        Assert.Equal(["validator-1", "validator-2"], diagnosis.The("link_down").Who);
        Assert.Contains("TimedOut", diagnosis.The("link_down").What, StringComparison.Ordinal);
        Assert.Single(diagnosis.Findings);
    }

    [Fact]
    public void Nobody_answering_is_the_worst_of_all()
        => Assert.Equal(
            Severity.Halted,
            Diagnosis.Of(new(
                [], [new(new("http://127.0.0.1:8080"), Silence: new(SilenceKind.NothingListens, ""))], []))
                .The("no_node_answers").Severity);

    [Fact]
    public void Another_genesis_is_the_minoritys()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithStatus(
            status => status with { GenesisHash = "bbbbbbbbbbbb" })));

        Assert.Equal(["validator-2"], diagnosis.The("wrong_genesis").Who);
        Assert.Contains("bbbbbbbb", diagnosis.The("wrong_genesis").What, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_nodes_that_answer_with_one_key_are_told_by_their_addresses()
    {
        var facts = Clinic.Well();
        var twin = facts.Visits[3] with { Url = new("http://127.0.0.1:9999") };

        Assert.Contains(
            "127.0.0.1:8110, 127.0.0.1:9999",
            Diagnosis.Of(facts with { Visits = [.. facts.Visits, twin] }).The("key_shared").What,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("duplicate", 1000, true)]
    [InlineData("duplicate", 600_000, false)]
    [InlineData("half_open", 1000, false)]
    public void A_twin_that_was_not_asked_is_known_by_what_the_others_refused(
        string code, long age, bool isFound)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-1", visit => visit.WithPeer(
            "validator-4",
            peer => peer with
            {
                RefusalCode = code,
                LastRefusal = "two nodes share one key",
                RefusalAgeMs = age,
            })));

        Assert.Equal(isFound, diagnosis.Findings.Any(
            finding => finding.Code == "key_shared" && finding.Who.SequenceEqual(["validator-4"])));
    }

    [Theory]
    [InlineData(60, "60 s ahead of")]
    [InlineData(-60, "60 s behind")]
    [InlineData(1, null)]
    public void A_clock_that_is_off_is_told_by_how_much(int seconds, string? words)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With(
            "validator-2", visit => visit with { ClockOffset = TimeSpan.FromSeconds(seconds) }));

        Assert.Equal(words is not null, diagnosis.Findings.Any(
            finding => finding.Code == "clock_off"
                && finding.What.Contains(words!, StringComparison.Ordinal)));
    }

    [Fact]
    public void When_all_clocks_are_off_it_is_ours_that_is_wrong()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().WithAll(
            visit => visit with { ClockOffset = TimeSpan.FromMinutes(1) }));

        Assert.Equal(Severity.Note, diagnosis.Severity);
        Assert.Contains("60 s behind", diagnosis.The("our_clock_off").What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(90, 0, true)]
    [InlineData(0, 900_000, true)]
    [InlineData(89, 899_999, false)]
    public void A_full_mempool_is_told_by_count_or_bytes(int transactions, long bytes, bool isFound)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithStatus(
            status => status with { MempoolTransactions = transactions, MempoolBytes = bytes })));

        Assert.Equal(isFound, diagnosis.Findings.Any(finding => finding.Code == "mempool_full"));
    }

    [Theory]
    [InlineData(0L, 40L << 20, true)]
    [InlineData(1L << 30, 100L << 30, true)]
    [InlineData(6L << 30, 100L << 30, false)]
    [InlineData(50L << 30, 4000L << 30, false)]
    public void A_disk_with_little_left_is_told(long free, long total, bool isFound)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithVitals(
            vitals => vitals with { DiskFreeBytes = free, DiskTotalBytes = total })));

        Assert.Equal(isFound, diagnosis.Findings.Any(finding => finding.Code == "disk_full"));
    }

    [Theory]
    [InlineData(51, 60, true)]
    [InlineData(5, 1001, true)]
    [InlineData(50, 1000, false)]
    public void A_slow_disk_is_told_by_its_mean_or_its_worst(double mean, double worst, bool isFound)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithVitals(
            vitals => vitals with { JournalSyncMs = mean, JournalSyncMaxMs = worst })));

        Assert.Equal(isFound, diagnosis.Findings.Any(finding => finding.Code == "disk_slow"));
    }

    [Fact]
    public void One_that_never_votes_is_told_and_one_that_is_merely_slow_is_not()
    {
        var missing = Clinic.SignedBy("validator-1", "validator-2", "validator-3");
        var mute = missing.WithAll(visit => visit.WithVitals(vitals => vitals with
        {
            Votes = [.. vitals.Votes.Where(vote => vote.Validator != "validator-4")],
        }));

        Assert.Empty(Diagnosis.Of(missing).Findings);
        Assert.Equal(["validator-4"], Diagnosis.Of(mute).The("does_not_vote").Who);
    }

    [Fact]
    public void One_that_has_just_come_back_is_not_blamed_for_what_it_missed()
    {
        var back = Clinic.SignedBy("validator-1", "validator-2", "validator-3")
            .WithAll(visit => visit
                .WithPeer("validator-4", peer => peer with { ConnectedMs = 30_000 })
                .WithVitals(vitals => vitals with { Votes = [] }));

        Assert.Empty(Diagnosis.Of(back).Findings);
    }

    [Fact]
    public void One_that_lacks_blocks_is_behind()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With(
            "validator-3", visit => visit.WithStatus(status => status with { Height = 23 })));

        Assert.Contains("17 blocks behind", diagnosis.The("behind").What, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_was_removed_is_told_so_and_is_not_called_behind()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With(
            "validator-3",
            visit => visit.WithStatus(status => status with { Height = 23, State = "removed" })));

        Assert.Contains("was removed", diagnosis.The("removed").What, StringComparison.Ordinal);
        Assert.DoesNotContain(diagnosis.Findings, finding => finding.Code == "behind");
    }

    [Fact]
    public void Evidence_accuses_the_one_that_it_is_about_and_names_who_has_it()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithVitals(
            vitals => vitals with { Evidence = [new("validator-1", "commit", 3)] })));

        Assert.Equal(["validator-1"], diagnosis.The("evidence").Who);
        Assert.Contains(
            "(commit), as validator-2 can prove", diagnosis.The("evidence").What, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_has_lost_its_seat_is_not_to_be_taken_out_again()
    {
        var well = Clinic.Well() with
        {
            Proofs = [Clinic.Proof("commit", recordedAt: 7, TimeSpan.FromHours(1))],
        };
        var suspended = well with { Validators = [.. well.Validators.Where(name => name != "validator-1")] };

        var (before, after) = (Diagnosis.Of(well).The("evidence"), Diagnosis.Of(suspended).The("evidence"));
        Assert.Contains("take validator-1 out", before.Next, StringComparison.Ordinal);
        Assert.Contains("validator-1 has no seat any more", after.Next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.1, Severity.Degraded, "(6 min ago)")]
    [InlineData(23.5, Severity.Degraded, "(24 h ago)")]
    [InlineData(72.0, Severity.Note, "(3 days ago)")]
    internal void What_the_ledger_has_had_for_long_is_said_and_wakes_nobody(
        double hours, Severity severity, string ago)
    {
        // The node that saw it itself remembers it until it is started again: the ledger's age counts.
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithVitals(
            vitals => vitals with { Evidence = [new("validator-1", "commit", 1)] })) with
        {
            Proofs = [Clinic.Proof("commit", recordedAt: 7, TimeSpan.FromHours(hours))],
        });

        Assert.Equal(severity, diagnosis.The("evidence").Severity);
        Assert.EndsWith(
            $"(commit), the proof is on the ledger since block 7 {ago}", diagnosis.The("evidence").What,
            StringComparison.Ordinal);
    }

    [Fact]
    public void All_proofs_of_one_validator_are_one_finding_and_what_is_not_on_the_ledger_yet_is_news()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well() with
        {
            Proofs =
            [
                Clinic.Proof("commit", recordedAt: 7, TimeSpan.FromDays(9)),
                Clinic.Proof("proposal", recordedAt: 5, TimeSpan.FromDays(10)),
                Clinic.Proof("prepare", recordedAt: null, age: null, "validator-3", "validator-4"),
            ],
        });

        var finding = diagnosis.The("evidence");
        Assert.Equal((Severity.Degraded, "validator-1"), (finding.Severity, Assert.Single(finding.Who)));
        Assert.EndsWith(
            "(commit, proposal, prepare), 2 proofs are on the ledger, the last one since block 7 (9 days "
                + "ago); as validator-3, validator-4 can prove",
            finding.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(11_000, 11_000, true)]
    [InlineData(9_000, 60_000, false)]
    [InlineData(60_000, 9_000, false)]
    public void It_does_not_advance_when_something_waits_and_nothing_becomes_final(
        long waits, long quiet, bool isFound)
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().WithAll(visit => visit.WithVitals(vitals => vitals with
        {
            OldestTransactionMs = waits,
            SinceFinalMs = quiet,
            WaitsFor = "prepares",
            PhaseHeight = 41,
        })));

        Assert.Equal(isFound, diagnosis.Severity == Severity.Halted);
        Assert.Equal(isFound, diagnosis.Findings.Any(finding => finding.What.Contains(
            "validator-3 is in view 0 and waits for PREPAREs at height 41", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_loop_that_does_not_turn_is_stuck()
        => Assert.Equal(["validator-2"], Diagnosis.Of(Clinic.Well().With(
            "validator-2", visit => visit.WithVitals(
            vitals => vitals with { LoopWaitMs = 6_000 }))).The("loop_stuck").Who);

    [Fact]
    public void Views_and_versions_that_differ_are_worth_a_note()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well().With("validator-2", visit => visit.WithStatus(
            status => status with { Version = "0.2.0", View = 3 })));

        Assert.Equal(Severity.Note, diagnosis.Severity);
        Assert.Contains(
            "validator-2 run 0.2.0", diagnosis.The("version_differs").What, StringComparison.Ordinal);
        Assert.Contains("validator-2 in 3", diagnosis.The("views_differ").What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_raft_network_without_a_leader_holds_an_election()
        => Assert.Equal(Severity.Degraded, Diagnosis.Of(Clinic.Well("raft").WithAll(
            visit => visit.WithStatus(status => status with { Primary = null }))).The("no_leader").Severity);

    [Fact]
    public void The_worst_is_said_first()
    {
        var diagnosis = Diagnosis.Of(Clinic.Well()
            .Cut(name => name is "validator-3" or "validator-4")
            .With("validator-1", visit => visit.WithStatus(status => status with { Version = "0.2.0" })));

        var severities = diagnosis.Findings.Select(finding => finding.Severity).ToList();
        Assert.Equal(severities.OrderDescending(), severities);
        Assert.Equal("no_quorum", diagnosis.Findings[0].Code);
    }
}
