using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>A leader hands over without anyone waiting for its silence (dissertation §3.10).</summary>
public sealed class TransferTests
{
    [Fact]
    public void The_one_named_leads_after_one_message()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(1);
        cluster.Nodes[0].Take(new Input.TransferRequested(new(2)));
        cluster.DeliverAll();

        Assert.True(cluster.Nodes[2].Engine!.IsLeader);
        Assert.Equal(new ValidatorIndex(2), cluster.Nodes[0].Engine!.Leader);
        Assert.Contains(cluster.Nodes[0].Notices, notice => notice is Notice.TransferEnded { Reason: null });
    }

    [Fact]
    public void One_that_lacks_entries_gets_them_first_and_nothing_new_is_asked_for()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Propose("apple");
        cluster.Nodes[0].Take(new Input.TransferRequested(new(2)));
        Assert.DoesNotContain(cluster.InFlight, packet => packet.Envelope.Message is TimeoutNow);
        cluster.DeliverAll();
        Assert.True(cluster.Nodes[2].Engine!.IsLeader);
        cluster.Run(1);
        Assert.All(cluster.Nodes, node => Assert.Equal(["apple"], node.FinalPayloads));
    }

    [Fact]
    public void Nobody_named_means_whoever_is_furthest()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Nodes[1].Crash();
        cluster.Propose("apple");
        cluster.DeliverAll();
        cluster.Nodes[0].Take(new Input.TransferRequested(null));
        cluster.DeliverAll();
        Assert.True(cluster.Nodes[2].Engine!.IsLeader);
    }

    [Fact]
    public void If_it_fails_the_leader_leads_on()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Run(1);
        cluster.Nodes[2].Crash();
        cluster.Nodes[0].Take(new Input.TransferRequested(new(2)));
        cluster.Propose("held");
        cluster.Run(2 * RaftOptions.Default.ElectionTicks);
        Assert.Contains(
            cluster.Nodes[0].Notices,
            notice => notice is Notice.TransferEnded { Reason: "it did not take over in time" });
        cluster.Propose("apple");
        cluster.Run(1);
        Assert.Contains("apple", cluster.Nodes[1].FinalPayloads);
    }

    [Theory]
    [InlineData(0, 0, "it leads already")]
    [InlineData(0, 3, "it is not a voter")]
    [InlineData(0, 2, "a witness cannot lead")]
    [InlineData(1, 0, "this validator does not lead")]
    public void What_cannot_be_is_refused_with_the_reason(int asked, int to, string reason)
    {
        var cluster = new RaftCluster(4, members: new([new(0), new(1), new(2)], [new(3)], [new(2)]));
        cluster.Elect(0);
        cluster.Nodes[asked].Take(new Input.TransferRequested(new(to)));
        Assert.Contains(
            cluster.Nodes[asked].Notices,
                notice => notice is Notice.TransferEnded ended && ended.Reason == reason);
    }
}
