using Ledger.Crypto;

namespace Ledger.Core.Tests;

/// <summary>
/// Raft: a newcomer learns first, in a seat of its own, and joins the set that certifies when it is promoted.
/// </summary>
public sealed class LearnerTests
{
    private static readonly PublicKey Three = Chain.Key(3).PublicKey;
    private static readonly PublicKey Four = Chain.Key(4).PublicKey;

    [Fact]
    public void One_who_is_added_learns_and_ends_no_epoch()
    {
        Chain chain = new(ConsensusMode.Raft);
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, Add("three", Three)));

        Assert.False(chain.Machine.Head.EndsEpoch);
        Assert.Equal(2, chain.Machine.Epoch.Validators.Count);
        var history = HistoryOf(chain);
        Assert.Equal([new ValidatorIndex(2)], history.Learners);
        Assert.Equal(["one", "two", "three"], history.Seated.Members.Select(member => member.Name));
        Assert.Equal(chain.Genesis.Validators.Hash, history.Current.Hash);
    }

    [Fact]
    public void One_who_is_promoted_keeps_its_seat_and_ends_the_epoch()
    {
        Chain chain = new(ConsensusMode.Raft);
        chain.Try(Chain.Admin, Add("three", Three));
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, new Operation.PromoteValidator(Three)));

        Assert.True(chain.Machine.Head.EndsEpoch);
        var validators = chain.Machine.Epoch.Validators;
        Assert.Equal(new ValidatorIndex(2), validators.IndexOf(Three));
        Assert.Equal(Quorums.Crash(3), validators.Quorums);
        Assert.Empty(HistoryOf(chain).Learners);
    }

    [Fact]
    public void A_witness_learns_nothing_and_votes_with_the_block_that_adds_it()
    {
        Chain chain = new(ConsensusMode.Raft);
        Assert.Equal(
            FailureReason.None, chain.Try(Chain.Admin, Add("three", Three) with { IsWitness = true }));

        Assert.True(chain.Machine.Head.EndsEpoch);
        Assert.Equal(new ValidatorIndex(2), chain.Machine.Epoch.Validators.IndexOf(Three));
        var history = HistoryOf(chain);
        Assert.Empty(history.Learners);
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(i => history.IsWitness(new(i))));
        Assert.Equal(FailureReason.NoLearner, chain.Try(Chain.Admin, new Operation.PromoteValidator(Three)));

        // What comes after it does not change what it is.
        chain.Try(Chain.Admin, Add("four", Four));
        Assert.True(HistoryOf(chain).IsWitness(new(2)));
        AssertSetsFollow(chain, epochs: 1);
    }

    [Fact]
    public void Witnesses_alone_are_never_left_and_are_not_for_pbft()
    {
        Chain chain = new(ConsensusMode.Raft);
        var (one, two) = (
            chain.Genesis.Validators.Members[0].PublicKey, chain.Genesis.Validators.Members[1].PublicKey);
        chain.Try(Chain.Admin, Add("three", Three) with { IsWitness = true });
        chain.Try(Chain.Admin, new Operation.RemoveValidator(one));
        Assert.Equal(FailureReason.LastValidator, chain.Try(Chain.Admin, new Operation.RemoveValidator(two)));
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, new Operation.RemoveValidator(Three)));

        Chain pbft = new();
        Assert.Equal(
            FailureReason.InvalidArgument, pbft.Try(
                Chain.Admin, Add("three", Three) with { IsWitness = true }));
    }

    /// <summary>Who came later may vote earlier: the seat between stays empty until its own turn.</summary>
    [Fact]
    public void Learners_are_promoted_in_any_order_and_every_set_follows_from_the_one_before()
    {
        Chain chain = new(ConsensusMode.Raft);
        chain.Try(Chain.Admin, Add("three", Three), Add("four", Four));
        chain.Try(Chain.Admin, new Operation.PromoteValidator(Four));
        Assert.Equal([0, 1, 3], chain.Machine.Epoch.Validators.Indices.Select(seat => seat.Value));
        chain.Try(Chain.Admin, new Operation.PromoteValidator(Three));
        Assert.Equal([0, 1, 2, 3], chain.Machine.Epoch.Validators.Indices.Select(seat => seat.Value));

        AssertSetsFollow(chain, epochs: 2);
    }

    [Fact]
    public void One_transaction_replaces_several()
    {
        Chain chain = new(ConsensusMode.Raft);
        chain.Try(Chain.Admin, Add("three", Three), Add("four", Four));
        Operation[] replacement =
        [
            new Operation.PromoteValidator(Three), new Operation.PromoteValidator(Four),
            new Operation.RemoveValidator(Chain.Key(1).PublicKey), new Operation.RemoveValidator(
                Chain.Key(2).PublicKey),
        ];
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, replacement));

        Assert.Equal(["three", "four"], chain.Machine.Epoch.Validators.Members.Select(member => member.Name));
        Assert.Equal(1UL, chain.Machine.Epoch.Number);
        AssertSetsFollow(chain, epochs: 1);
    }

    [Fact]
    public void A_learner_that_is_removed_leaves_the_set_alone_and_its_seat_empty()
    {
        Chain chain = new(ConsensusMode.Raft);
        chain.Try(Chain.Admin, Add("three", Three));
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, new Operation.RemoveValidator(Three)));
        Assert.False(chain.Machine.Head.EndsEpoch);
        Assert.Equal(chain.Machine.Head.Height, HistoryOf(chain).RemovalOf(Three));

        chain.Try(Chain.Admin, Add("three", Three));
        chain.Try(Chain.Admin, new Operation.PromoteValidator(Three));
        Assert.Equal(new ValidatorIndex(3), chain.Machine.Epoch.Validators.IndexOf(Three));
        Assert.Null(HistoryOf(chain).RemovalOf(Three));
        AssertSetsFollow(chain, epochs: 1);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_its_reason()
    {
        Chain chain = new(ConsensusMode.Raft);
        var one = Chain.Key(1).PublicKey;
        Assert.Equal(FailureReason.NoLearner, chain.Try(Chain.Admin, new Operation.PromoteValidator(Three)));
        Assert.Equal(FailureReason.NoLearner, chain.Try(Chain.Admin, new Operation.PromoteValidator(one)));
        Assert.Equal(
            FailureReason.NotPermitted, chain.Try(Chain.Alice, new Operation.PromoteValidator(Three)));
        chain.Try(Chain.Admin, Add("three", Three));
        Assert.Equal(FailureReason.ValidatorExists, chain.Try(Chain.Admin, Add("three", Four)));
        Assert.Equal(FailureReason.ValidatorExists, chain.Try(Chain.Admin, Add("four", Three)));
        Assert.Equal(
            FailureReason.InvalidArgument,
            chain.Try(
                Chain.Admin, new Operation.PromoteValidator(Three), new Operation.RemoveValidator(Three)));

        // Two who learn do not make up for the last who votes.
        chain.Try(Chain.Admin, new Operation.RemoveValidator(Chain.Key(2).PublicKey));
        Assert.Equal(FailureReason.LastValidator, chain.Try(Chain.Admin, new Operation.RemoveValidator(one)));
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, new Operation.RemoveValidator(Three)));
    }

    [Fact]
    public void In_PBFT_nobody_learns()
    {
        Chain chain = new();
        chain.Try(Chain.Admin, Add("three", Three));
        Assert.Empty(HistoryOf(chain).Learners);
        Assert.Equal(
            FailureReason.InvalidArgument, chain.Try(Chain.Admin, new Operation.PromoteValidator(Three)));
    }

    [Fact]
    public void A_machine_that_opens_again_is_in_the_same_epoch()
    {
        Chain chain = new(ConsensusMode.Raft);
        chain.Try(Chain.Admin, Add("three", Three), Add("four", Four));
        chain.Try(Chain.Admin, new Operation.PromoteValidator(Four));
        LedgerMachine again = new(chain.Genesis, chain.Store);
        Assert.Equal(chain.Machine.Epoch.Start, again.Epoch.Start);
        Assert.Equal(chain.Machine.Epoch.Validators.Hash, again.Epoch.Validators.Hash);
        Assert.Equal([new ValidatorIndex(2)], HistoryOf(chain).Learners);
    }

    [Fact]
    public void The_encoding_of_a_promotion_is_part_of_the_protocol()
    {
        var key = new PublicKey([.. Enumerable.Repeat((byte)0xab, PublicKey.Size)]);
        using var sender = SigningKey.FromSeed(new byte[32]);
        var transaction = Transaction.Sign(
            new("test", sender.PublicKey, new(1), 0, [new Operation.PromoteValidator(key)]), sender);
        Assert.Contains(
            "920cc420" + key, Convert.ToHexStringLower(transaction.Encoded.Span), StringComparison.Ordinal);
        Assert.True(Transaction.TryDecode(transaction.Encoded, out var decoded, out _));
        Assert.Equal(new Operation.PromoteValidator(key), decoded.Body.Operations[0]);
    }

    [Fact]
    public void A_seat_that_is_held_is_not_given()
    {
        var set = new Chain(ConsensusMode.Raft).Genesis.Validators;
        Assert.Null(set.With([new SeatChange(new(1), new("three", Three))]));
        Assert.Null(set.With([new SeatChange(new(3), new("three", Three))]));
        var left = set.With([new SeatChange(new(1), null)])!;
        Assert.Null(left.With([new SeatChange(new(1), null)]));
    }

    /// <summary>What a receipt shows of the changes leads an offline verifier to the same sets.</summary>
    private static void AssertSetsFollow(Chain chain, int epochs)
    {
        var history = HistoryOf(chain);
        Assert.Equal((ulong)epochs, history.Epoch);
        var set = chain.Genesis.Validators;
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            set = set.With(history.ChangesOf((ulong)epoch))!;
            Assert.Equal(history.SetOf((ulong)epoch).Hash, set.Hash);
        }

        Assert.Equal(chain.Machine.Epoch.Validators.Hash, set.Hash);
    }

    private static ValidatorHistory HistoryOf(Chain chain)
        => ValidatorHistory.Read(chain.Genesis, key => chain.Store.ReadState(key));

    private static Operation.AddValidator Add(string name, PublicKey key) => new(name, key, "localhost:7000");
}
