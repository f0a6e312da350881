using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Hosting;

namespace Ledger.Node.Tests.Hosting;

/// <summary>The word for what a validator waits for.</summary>
public sealed class WaitsTests
{
    [Theory]
    [InlineData(false, true, null, 1, "peers")]
    [InlineData(true, false, null, 0, "new-view")]
    [InlineData(true, true, null, 0, "nothing")]
    [InlineData(true, true, null, 1, "proposal")]
    [InlineData(true, true, Phase.Proposed, 1, "prepares")]
    [InlineData(true, true, Phase.Prepared, 1, "commits")]
    public void In_pbft_it_follows_the_view_and_the_phase(
        bool hasQuorum, bool entered, Phase? phase, int waiting, string word)
    {
        ConsensusPosition position = new(
            new(3), entered, IsPrimary: false, new Height(5), new ValidatorIndex(3));

        Assert.Equal(word, Waits.For(
            ConsensusMode.Pbft, hasQuorum, position, phase is { } p ? (p, new(6)) : null, waiting));
    }

    [Fact]
    public void A_block_that_is_decided_is_waited_for_no_more()
    {
        ConsensusPosition position = new(
            new(0), Entered: true, IsPrimary: false, new Height(6), new ValidatorIndex(0));

        Assert.Equal(
            "nothing", Waits.For(ConsensusMode.Pbft, true, position, (Phase.Prepared, new(6)), waiting: 0));
    }

    [Theory]
    [InlineData(null, false, 1, "leader")]
    [InlineData(1, false, 0, "nothing")]
    [InlineData(1, false, 1, "proposal")]
    [InlineData(0, true, 1, "commits")]
    public void In_raft_it_follows_the_leader(int? leader, bool isLeader, int waiting, string word)
    {
        ConsensusPosition position = new(
            new(2), leader is not null, isLeader, new Height(5), leader is { } one
            ? new ValidatorIndex(one) : null);

        Assert.Equal(word, Waits.For(ConsensusMode.Raft, hasQuorum: true, position, phase: null, waiting));
    }
}
