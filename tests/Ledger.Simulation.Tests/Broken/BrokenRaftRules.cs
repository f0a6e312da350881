namespace Ledger.Simulation.Tests.Broken;

/// <summary>Raft's rules, each broken.</summary>
internal static class BrokenRaftRules
{
    private const string Safety = "Raft/Safety.cs";
    private const string Engine = "Raft/RaftEngine.cs";
    private const string Election = "Raft/RaftEngine.Election.cs";
    private const string Replication = "Raft/RaftEngine.Replication.cs";
    private const string Following = "Raft/RaftEngine.Following.cs";
    private const string Finality = "Raft/RaftEngine.Finality.cs";
    private const string Members = "Raft/RaftEngine.Members.cs";
    private const string Stated = "Raft/RaftEngine.Stated.cs";
    private const string Reads = "Raft/RaftEngine.Reads.cs";
    private const string Log = "Raft/RaftLog.cs";
    private const string Options = "Raft/RaftOptions.cs";
    private const string Configuration = "Raft/RaftConfiguration.cs";

    public static IReadOnlyList<BrokenRule> All { get; } =
    [
        new("raft: a majority is one too few", 100, new Edit(
            Configuration, "=> Quorums.Crash(voters).Quorum;",
            "=> Math.Max(1, Quorums.Crash(voters).Quorum - 1);")),
        new("raft, R1: votes twice in a term", 400,
            new Edit(Safety, "voted && voted != candidate)", "voted && voted != candidate && false)"),
            new Edit(Safety, "    entered.Term > Term\n", "    entered.Term >= Term\n")),
        new("raft, R1: forgets its vote when it restarts", 400, new Edit(
            Engine,
            "public void Replay(JournalRecord record) => _safety.Apply(record);",
            "public void Replay(JournalRecord record) { if (record is not TermEntered) { "
            + "_safety.Apply(record); } }")),
        new("raft, R4: votes for a lesser log", 800, new Edit(
            Safety,
            "=> lastTerm > Log.LastTerm || (lastTerm == Log.LastTerm && lastIndex >= Reach);",
            "=> true;")),
        new("raft, R6: acknowledges what it has not stored", 100, new Edit(
            Safety, "IsLeader && entry.Term <= Term && Log.MayFollow(entry) ? Apply(new Stored(entry)) : "
            + "null;",
            "IsLeader && entry.Term <= Term && Log.MayFollow(entry) ? Forgotten(Apply(new Stored(entry))) "
            + ": null;\n\n"
            + "    private static Stored Forgotten(Stored stored) => new(new NoOpEntry(stored.Entry.Term, "
            + "stored.Entry.Index));")),
        new("raft, reads: serves one without a majority's word", 800, new Edit(
            Reads, "(_reads.TryPeek(out var read) && read.Round <= reached)",
            "(_reads.TryPeek(out var read) && read.Round <= _round)")),
        new("raft, reads: serves one before it has committed in its term", 800, new Edit(
            Reads, "        if (!_safety.HasCommittedInTerm)\n        {\n            _heldReads",
            "        if (read.Id == 0)\n        {\n            _heldReads")),
        new("raft, reads: a lease outlasts the followers' patience", 800, new Edit(
            Options, "TickEvery * (ElectionTicks - 1) * 1000 / (1000 + ClockDriftPerMille)",
            "TickEvery * 2 * ElectionTicks")),
        new("raft, R3: stores behind what it has not matched", 800,
            new Edit(Following, "if (!_safety.Matches(append.PreviousIndex, append.PreviousTerm))",
                "if (!Log.Holds(append.PreviousIndex) && !_safety.Matches(append.PreviousIndex, "
                + "append.PreviousTerm))")),
        new("raft, R3: keeps what contradicts the leader", 800, new Edit(
            Following, "Log.TermAt(entry.Index) == entry.Term)", "Log.Holds(entry.Index))")),
        new("raft, R4: commits an earlier term's entry by counting", 800, new Edit(
            Safety, "=> IsLeader && index > Commit && Log.TermAt(index) == Term;",
            "=> IsLeader && index > Commit;")),
        new("raft, R5: commits past what it has matched", 800, new Edit(
            Finality, "LogIndex.Min(committed.Index, _safety.Matched)",
            "LogIndex.Min(committed.Index, Log.LastIndex)")),
        new("raft, R6: signs behind an entry of an earlier term", 800, new Edit(
            Safety, "=> Log.TermAt(index) == Term && Log.BlockAt(index) is { } block",
            "=> Log.BlockAt(index) is { } block")),
        new("raft, R7: changes its voters in a single step", 800, new Edit(
            Members, "        var sameVoters = settled.Voters.SequenceEqual(current.Voters);",
            "        var sameVoters = settled.Voters.Count > 0;")),
        new("raft, R7: uses a configuration only once it is committed", 800, new Edit(
            Engine, "public RaftConfiguration Configuration => Log.Configuration;",
            "public RaftConfiguration Configuration => Log.ConfigurationAt(LogIndex.Max(_safety.Commit, "
            + "Log.Start.Index));")),
        new("raft, R7: changes members before it has committed in its term", 800, new Edit(
            Safety, "=> IsLeader && HasCommittedInTerm && Log.ConfigurationIndex <= Commit;",
            "=> IsLeader && Log.ConfigurationIndex <= Commit;")),
        new("raft, R7: a snapshot forgets the configuration", 800, new Edit(
            Log, "return new(index, place.Entry.Term, place.Block, place.Configuration);",
            "return new(index, place.Entry.Term, place.Block, Start.Configuration);")),
        new("raft: proposes while its voters change", 800, new Edit(
            Replication,
            "            && !Configuration.IsJoint && Log.ConfigurationIndex <= _safety.Commit\n", "")),
        new("raft: makes blocks before the voters are those that the ledger states", 100, new Edit(
            Stated, "=> _stated is not { } stated ||", "=> true || _stated is not { } stated ||")),
        new("raft: begins a term without an entry of it", 100, new Edit(
            Election, "        Append(new NoOpEntry(Term, Log.LastIndex.Next), effects);\n", "")),
        new("raft: never goes back to where the logs part", 400, new Edit(
            Replication,
            "            progress.Probe(LogIndex.Max(new(1), LogIndex.Min(next, refused.PreviousIndex)));\n",
            "            progress.Probe(LogIndex.Max(next, refused.PreviousIndex.Next));\n")),
        new("raft: offers no snapshot for what its log has let go", 400, new Edit(
            Replication, "                OfferSnapshot(to, progress, effects);\n", "")),
    ];
}
