using Ledger.Consensus.Pbft;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;

namespace Ledger.Node.Tests.Consensus;

/// <summary>An operator reads heights, views and names, and no dump of a type.</summary>
public sealed class JournalWordsTests
{
    private static readonly Digest Hash = Sha256.Hash([1]);

    private static readonly Subject Subject = new(new(2), new(7), Hash);

    [Fact]
    public void A_certificate_says_what_it_prepares_and_how_many_signed()
    {
        QuorumCertificate certificate = new(
            StatementKind.Prepare, Subject,
            [new(new(0), default), new(new(1), default), new(new(2), default)]);
        Assert.Equal(
            $"prepared height 7 in view 2, block {Hash.ToShortString()}, signed by 3",
            JournalWords.Of(new Certified(certificate), NameOf));
        Assert.Equal(
            $"asked for view 3; the highest prepared is height 7 in view 2, block {Hash.ToShortString()}, "
            + "signed by 3",
            JournalWords.Of(new LeftFor(new(3), certificate), NameOf));
    }

    [Fact]
    public void A_vote_of_raft_names_the_candidate()
    {
        Assert.Equal(
            "entered term 4, voted for validator-2",
            JournalWords.Of(new TermEntered(new(4), new(1)), NameOf));
        Assert.Equal(
            "entered term 4, voted for nobody", JournalWords.Of(new TermEntered(new(4), null), NameOf));
    }

    [Fact]
    public void An_entry_says_what_it_holds()
    {
        RaftConfiguration joint = new([new(0), new(2)], [new(0), new(1)], [], []);
        Assert.Equal(
            $"stored entry 9 of term 4: block {Hash.ToShortString()} at height 7",
            JournalWords.Of(new Stored(new BlockEntry(new(4), new(9), new(new(7), Hash), null)), NameOf));
        Assert.Equal(
            "stored entry 9 of term 4: a new leader's first, empty",
            JournalWords.Of(new Stored(new NoOpEntry(new(4), new(9))), NameOf));
        Assert.Equal(
            "stored entry 9 of term 4: the voters validator-1, validator-3 beside validator-1, validator-2",
            JournalWords.Of(new Stored(new ConfigurationEntry(new(4), new(9), joint, null)), NameOf));
    }

    private static string NameOf(ValidatorIndex seat) => $"validator-{seat.Value + 1}";
}
