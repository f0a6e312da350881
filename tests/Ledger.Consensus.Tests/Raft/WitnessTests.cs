using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>A witness votes and acknowledges, keeps no block and never leads.</summary>
public sealed class WitnessTests
{
    [Fact]
    public void A_witness_completes_a_majority_without_ever_seeing_a_block()
    {
        var cluster = New();
        cluster.Nodes[1].Crash();
        cluster.Propose("apple");
        cluster.DeliverAll();

        Assert.Equal(["apple"], cluster.Nodes[0].FinalPayloads);
        Assert.Contains(
            new ValidatorIndex(2), cluster.Nodes[0].Disk.Certificates[0].Signers.Select(s => s.Validator));
        Assert.All(
            cluster.Nodes[2].Disk.Records().OfType<Stored>().Select(stored => stored.Entry)
                .OfType<BlockEntry>(),
            entry => Assert.Null(entry.Body));
    }

    [Fact]
    public void A_witness_lets_nobody_lead_who_lacks_what_it_has_seen_committed()
    {
        var cluster = New();
        cluster.Nodes[1].Crash();
        cluster.Propose("apple");
        cluster.DeliverAll();
        cluster.Nodes[0].Crash();
        cluster.Restart(1);
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Null(cluster.Leader);

        cluster.Restart(0);
        cluster.Run(20 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(["apple"], cluster.Nodes[1].FinalPayloads);
    }

    [Fact]
    public void A_witness_does_not_campaign()
    {
        var cluster = New();
        cluster.Nodes[0].Crash();
        cluster.Nodes[1].Crash();
        cluster.Run(10 * RaftOptions.Default.ElectionTicks);
        Assert.Equal(RaftRole.Follower, cluster.Nodes[2].Engine!.Role);
    }

    [Fact]
    public void A_witness_log_stays_short_and_survives_a_restart()
    {
        var cluster = New(RaftOptions.Default with { EntriesRetained = 4 });
        for (var i = 0; i < 30; i++)
        {
            cluster.Propose($"payload-{i}-");
            cluster.DeliverAll();
        }

        Assert.True(cluster.Nodes[2].Disk.JournalLength < 20);
        cluster.Restart(2);
        cluster.Nodes[1].Crash();
        cluster.Propose("after");
        cluster.DeliverAll();
        Assert.Contains("after", cluster.Nodes[0].FinalPayloads);
    }

    private static RaftCluster New(RaftOptions? options = null)
    {
        var cluster = new RaftCluster(3, options, new([new(0), new(1), new(2)], [], [new(2)]));
        cluster.Elect(0);
        return cluster;
    }
}
