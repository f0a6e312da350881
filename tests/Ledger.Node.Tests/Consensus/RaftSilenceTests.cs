using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Tests.Transport;

namespace Ledger.Node.Tests.Consensus;

/// <summary>When a Raft member that has lost its votes may vote again.</summary>
public sealed class RaftSilenceTests : IDisposable
{
    private readonly FinalChain _final = new(new TestChain(4));
    private readonly RaftSilence _silence;

    public RaftSilenceTests() => _silence = new(
        new ValidatorDirectory(
            _final.Genesis, _final.Genesis.Validators[new(3)].PublicKey, Epoch.First(_final.Genesis),
            ValidatorHistory.Of(_final.Genesis)));

    public void Dispose() => _final.Dispose();

    [Fact]
    public void It_ends_under_a_leader_of_a_later_term_than_any_other_member_was_in()
    {
        _silence.PeerIsIn(new(0), new(5), new(9));
        _silence.PeerIsIn(new(1), new(7), new(9));
        Assert.Null(_silence.MayEnd(new(9), In(8, leader: 1)));

        _silence.PeerIsIn(new(2), new(6), new(9));
        Assert.Null(_silence.MayEnd(new(9), In(7, leader: 1)));
        Assert.Null(_silence.MayEnd(new(9), In(8, leader: null)));
        Assert.Null(_silence.MayEnd(new(9), In(8, leader: 3)));

        Assert.Equal(
            [new TermEntered(new(8), new(0)), new LogLost(new(8))],
            _silence.MayEnd(new(9), In(8, leader: 0)));
    }

    [Fact]
    public void A_members_first_word_counts_since_its_term_goes_on()
    {
        for (var member = 0; member < 3; member++)
        {
            _silence.PeerIsIn(new(member), new(5), new(9));
            _silence.PeerIsIn(new(member), new(8), new(9));
        }

        Assert.NotNull(_silence.MayEnd(new(9), In(6, leader: 0)));
    }

    [Fact]
    public void It_lasts_until_all_are_known_who_were_members_when_the_others_answered()
    {
        for (var member = 0; member < 3; member++)
        {
            _silence.PeerIsIn(new(member), new(5), new((ulong)(10 + member)));
            _silence.PeerIsIn(new(member), new(5), new(99));
        }

        Assert.Null(_silence.MayEnd(new(11), In(6, leader: 0)));
        Assert.NotNull(_silence.MayEnd(new(12), In(6, leader: 0)));
    }

    private static ConsensusPosition In(ulong term, int? leader)
        => new(new(term), leader is not null, false, Height.Genesis, leader is { } index
            ? new ValidatorIndex(index) : null);
}
