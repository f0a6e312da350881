using Ledger.Consensus.Raft;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>How a leader is found, and how one is not disturbed (Raft §5.2; dissertation §4.2.3, §9.6).</summary>
public sealed class ElectionTests
{
    [Fact]
    public void A_follower_that_misses_its_leader_asks_campaigns_and_leads()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);

        Assert.Equal(
            """
            R0 says REQUEST-VOTE t1 last #0/t0
            R1 says VOTE t1 for R0
            R2 says VOTE t1 for R0
            R0 leads t1
            R1 says APPENDED t1 #1
            R2 says APPENDED t1 #1
            """,
            cluster.Transcript);
    }
}
