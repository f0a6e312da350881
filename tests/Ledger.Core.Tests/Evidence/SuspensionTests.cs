using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>
/// What genesis may order for a validator that is proven to vote twice: its seat is emptied.
/// </summary>
public sealed class SuspensionTests
{
    [Fact]
    public void Who_is_proven_to_vote_twice_has_no_seat_from_the_next_epoch_on()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        Assert.Equal(FailureReason.None, Report(chain, 2));

        var header = chain.Machine.Head;
        Assert.True(header.EndsEpoch);
        Assert.Equal(chain.Genesis.Validators.Hash, header.ValidatorsHash);
        Assert.Equal(["one", "three", "four"], Members(chain));
        Assert.False(chain.Machine.Epoch.Validators.Contains(new(1)));
        Assert.Equal(1UL, chain.Machine.Epoch.Number);
        Assert.Equal(header.Height, History(chain).RemovalOf(Key(2).PublicKey));
        Assert.NotNull(chain.Store.ReadState(StateKey.ForOffender(Key(2).PublicKey)));
    }

    [Fact]
    public void Where_genesis_says_nothing_it_keeps_its_seat()
    {
        var chain = Grown(EvidencePolicy.Record);
        Assert.Equal(FailureReason.None, Report(chain, 2));
        Assert.False(chain.Machine.Head.EndsEpoch);
        Assert.Equal(["one", "two", "three", "four"], Members(chain));
        Assert.NotNull(chain.Store.ReadState(StateKey.ForOffender(Key(2).PublicKey)));
    }

    [Fact]
    public void A_report_that_fails_suspends_nobody()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        var accuser = new Liar(chain, Key(3));
        var forged = accuser.VotesTwice(accuser.Commit(2) with { Validator = Key(2).PublicKey });
        Assert.Equal(FailureReason.EvidenceInvalid, chain.Try(Alice, new Operation.Report(forged)));
        Assert.Equal(4, chain.Machine.Epoch.Validators.Count);
    }

    [Fact]
    public void A_second_report_does_nothing_more()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        Liar liar = new(chain, Key(2));
        var receipts = chain.Apply(
            chain.Sign(Alice, new Operation.Report(liar.VotesTwice(liar.Commit(2)))),
            chain.Sign(Bob, new Operation.Report(liar.VotesTwice(liar.Commit(2)))),
            chain.Sign(Bob, new Operation.Report(liar.VotesTwice(liar.Commit(1)))));
        Assert.Equal(
            [FailureReason.None, FailureReason.EvidenceKnown, FailureReason.None],
            receipts.Select(receipt => receipt.Failure));

        // What it did while it had the seat can still be reported; there is nothing left to empty.
        Assert.Equal(FailureReason.None, Report(chain, 2, height: 3));
        Assert.False(chain.Machine.Head.EndsEpoch);
        Assert.Equal(1UL, chain.Machine.Epoch.Number);
        Assert.Equal(["one", "three", "four"], Members(chain));
    }

    [Fact]
    public void Two_who_are_proven_in_one_block_leave_together()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        Liar two = new(chain, Key(2)), four = new(chain, Key(4));
        chain.Apply(
            chain.Sign(Alice, new Operation.Report(two.VotesTwice(two.Commit(2)))),
            chain.Sign(Alice, new Operation.Report(four.VotesTwice(four.Commit(1)))));
        Assert.Equal(["one", "three"], Members(chain));
        Assert.Equal(1UL, chain.Machine.Epoch.Number);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_last_validator_stays_and_its_offence_is_recorded(bool inOneBlock)
    {
        var chain = Grown(EvidencePolicy.Suspend, validators: 2);
        Liar one = new(chain, Key(1)), two = new(chain, Key(2));
        Transaction[] reports =
        [
            chain.Sign(Alice, new Operation.Report(two.VotesTwice(two.Commit(2)))),
            chain.Sign(Alice, new Operation.Report(one.VotesTwice(one.Commit(2)))),
        ];
        var receipts = inOneBlock
            ? chain.Apply(reports) : [.. chain.Apply(reports[0]), .. chain.Apply(reports[1])];
        Assert.All(receipts, receipt => Assert.Equal(FailureReason.None, receipt.Failure));
        Assert.Equal(["one"], Members(chain));
        Assert.NotNull(chain.Store.ReadState(StateKey.ForOffender(Key(1).PublicKey)));
        Assert.Equal(
            FailureReason.None, chain.Try(Admin, new Operation.Put("docs", "life", "goes on"u8.ToArray())));
    }

    [Fact]
    public void Who_was_let_in_again_is_not_suspended_for_what_it_did_before()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        Report(chain, 2);
        var again = new Operation.AddValidator("two", Key(2).PublicKey, "localhost:7000");
        Assert.Equal(FailureReason.None, chain.Try(Admin, again));
        Assert.Equal(FailureReason.None, Report(chain, 2, height: 1));
        Assert.Equal(["one", "three", "four", "two"], Members(chain));

        var now = chain.Machine.Head.Height.Value;
        Assert.Equal(FailureReason.None, Report(chain, 2, height: now));
        Assert.Equal(["one", "three", "four"], Members(chain));
    }

    [Fact]
    public void A_machine_that_opens_again_is_in_the_epoch_after_the_suspension()
    {
        var chain = Grown(EvidencePolicy.Suspend);
        Report(chain, 2);
        var again = new LedgerMachine(chain.Genesis, chain.Store);
        Assert.Equal(chain.Machine.Epoch.Start, again.Epoch.Start);
        Assert.Equal(chain.Machine.Epoch.Validators.Hash, again.Epoch.Validators.Hash);
    }

    /// <summary>
    /// Why no number of validators is too small to suspend one (decision 40). Without a liar the rest needs
    /// no more votes than before, and two quorums share at least as many that are not it.
    /// </summary>
    [Fact]
    public void Without_a_liar_a_set_is_stopped_and_split_no_more_easily_than_with_it()
    {
        for (var n = 2; n <= Limits.Validators; n++)
        {
            var (with, without) = (Quorums.Byzantine(n), Quorums.Byzantine(n - 1));
            Assert.InRange(without.Quorum, 1, with.Quorum);
            Assert.True(Shared(without) >= Shared(with) - 1, $"{n} validators");
        }

        static int Shared(Quorums quorums) => (2 * quorums.Quorum) - quorums.ValidatorCount;
    }

    private static Chain Grown(EvidencePolicy evidence, int validators = 4)
    {
        Chain chain = new(evidence, validators);
        for (var i = 0; i < 3; i++)
        {
            chain.Apply();
        }

        return chain;
    }

    private static FailureReason Report(Chain chain, byte validator, ulong height = 2)
    {
        Liar liar = new(chain, Key(validator));
        return chain.Try(Alice, new Operation.Report(liar.VotesTwice(liar.Commit(height))));
    }

    private static ValidatorHistory History(Chain chain)
        => ValidatorHistory.Read(chain.Genesis, key => chain.Store.ReadState(key));

    private static IEnumerable<string> Members(Chain chain)
        => chain.Machine.Epoch.Validators.Members.Select(member => member.Name);
}
