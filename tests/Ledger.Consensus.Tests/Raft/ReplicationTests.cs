using Ledger.Consensus.Raft;

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
}
