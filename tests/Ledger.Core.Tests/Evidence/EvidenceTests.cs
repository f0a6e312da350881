using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

public sealed class EvidenceTests
{
    private readonly Chain _chain = new();
    private readonly Liar _liar;

    public EvidenceTests()
    {
        _liar = new(_chain, Key(2));
        Grow(3);
    }

    [Theory]
    [InlineData(StatementKind.Prepare)]
    [InlineData(StatementKind.Commit)]
    public void Two_votes_for_one_place_are_recorded_against_their_validator(StatementKind kind)
    {
        var evidence = _liar.VotesTwice(_liar.Commit(2) with { Kind = kind });
        Assert.Equal(FailureReason.None, Report(evidence));

        var entry = OffenceEntry.Decode(_chain.Store.ReadState(StateKey.ForOffence(evidence.Offence))!);
        Assert.Equal(new(evidence, Alice.PublicKey, new(4)), entry);
        Assert.Equal(new(1, new(4)), Offender());
    }

    [Fact]
    public void An_offence_is_recorded_once_whoever_reports_it_and_in_one_block_too()
    {
        var evidence = _liar.VotesTwice(_liar.Commit(2));
        var receipts = _chain.Apply(
            _chain.Sign(Alice, new Operation.Report(evidence)), _chain.Sign(
                Bob, new Operation.Report(evidence)));
        Assert.Equal(
            [FailureReason.None, FailureReason.EvidenceKnown], receipts.Select(receipt => receipt.Failure));
        Assert.Equal(FailureReason.EvidenceKnown, Report(evidence));
        Assert.Equal(1UL, Offender()!.Offences);
    }

    [Fact]
    public void Other_votes_for_the_same_place_are_the_same_offence()
    {
        var offence = _liar.Commit(2);
        Assert.Equal(FailureReason.None, Report(_liar.VotesTwice(offence)));
        var third = Evidence.Of(
            offence, _liar.Vote(offence, Liar.One), _liar.Vote(offence, Sha256.Hash([3])));
        Assert.Equal(FailureReason.EvidenceKnown, Report(third));
    }

    [Fact]
    public void Each_place_is_an_offence_of_its_own()
    {
        Assert.Equal(FailureReason.None, Report(_liar.VotesTwice(_liar.Commit(2))));
        Assert.Equal(FailureReason.None, Report(_liar.VotesTwice(_liar.Commit(2, view: 1))));
        Assert.Equal(FailureReason.None, Report(_liar.VotesTwice(_liar.Commit(1))));
        Assert.Equal(FailureReason.None, Report(
            _liar.VotesTwice(_liar.Commit(1) with { Kind = StatementKind.Prepare })));
        Assert.Equal(4UL, Offender()!.Offences);
    }

    [Fact]
    public void A_forgery_in_any_field_is_refused()
    {
        var good = _liar.VotesTwice(_liar.Commit(2));
        var offence = good.Offence;
        Evidence[] forged =
        [
            good with { Offence = offence with { Validator = Key(1).PublicKey } },
            good with { Offence = offence with { Kind = StatementKind.Prepare } },
            good with { Offence = offence with { View = new(1) } },
            good with { Offence = offence with { Height = new(1) } },
            good with { First = good.First with { Signature = good.Second.Signature } },
            good with { Second = good.Second with { Signature = good.First.Signature } },
            good with { Second = good.Second with { Block = new([.. Enumerable.Repeat((byte)255, 32)]) } },
            good with { First = good.First with { Block = Digest.Zero } },
        ];
        Assert.All(forged, evidence => Assert.Equal(FailureReason.EvidenceInvalid, Report(evidence)));
        Assert.Null(Offender());
        Assert.Equal(FailureReason.None, Report(good));
    }

    [Fact]
    public void Every_byte_of_a_report_counts()
    {
        var encoded = _liar.VotesTwice(_liar.Commit(2)).Encode();
        Assert.InRange(encoded.Length, 1, Evidence.BytesMax);
        for (var i = 0; i < encoded.Length; i++)
        {
            byte[] flipped = [.. encoded];
            flipped[i] ^= 1;
            var isRefused = !Evidence.TryDecode(flipped, out var evidence, out _)
                || Evidence.FaultIn(evidence) is not null
                || _chain.Genesis.Validators.IndexOf(evidence.Offence.Validator) is null
                || !evidence.IsSigned(_chain.Genesis.Hash, Statement.IsSignedBy);
            Assert.True(isRefused, $"byte {i}");
        }
    }

    [Fact]
    public void One_vote_twice_proves_nothing()
    {
        var offence = _liar.Commit(2);
        var vote = _liar.Vote(offence, Liar.One);
        Assert.NotNull(Evidence.FaultIn(new(offence, vote, vote)));
        Assert.Equal(FailureReason.EvidenceInvalid, Report(new(offence, vote, vote)));
    }

    [Fact]
    public void The_two_votes_have_one_order()
    {
        var good = _liar.VotesTwice(_liar.Commit(2));
        Assert.NotNull(Evidence.FaultIn(good with { First = good.Second, Second = good.First }));
    }

    [Theory]
    [InlineData(StatementKind.ViewChange)]
    [InlineData(StatementKind.NewView)]
    [InlineData(StatementKind.Vote)]
    [InlineData((StatementKind)0)]
    public void Only_prepares_and_commits_are_bound_to_one_block(StatementKind kind)
        => Assert.Equal(
            FailureReason.EvidenceInvalid, Report(_liar.VotesTwice(_liar.Commit(2) with { Kind = kind })));

    [Fact]
    public void Whoever_is_no_validator_may_sign_what_it_likes()
    {
        var stranger = new Liar(_chain, Key(9));
        Assert.Equal(FailureReason.EvidenceInvalid, Report(stranger.VotesTwice(stranger.Commit(2))));
    }

    [Fact]
    public void Votes_of_another_chain_prove_nothing_here()
    {
        var elsewhere = new Liar(new(new GenesisRole(Bob.PublicKey, Role.Issuer, "")), Key(2));
        Assert.Equal(FailureReason.EvidenceInvalid, Report(elsewhere.VotesTwice(elsewhere.Commit(2))));
    }

    [Fact]
    public void An_offence_is_reported_only_once_its_height_is_final()
    {
        var evidence = _liar.VotesTwice(_liar.Commit(5));
        Assert.Equal(FailureReason.EvidenceInvalid, Report(evidence));
        Assert.Equal(FailureReason.EvidenceInvalid, Report(evidence));
        Assert.Equal(FailureReason.None, Report(evidence));
    }

    [Fact]
    public void Evidence_stands_alone_in_its_transaction()
    {
        var report = new Operation.Report(_liar.VotesTwice(_liar.Commit(2)));
        TransactionBody Body(params Operation[] operations)
            => new("test", Alice.PublicKey, new(0), 0, operations);
        Assert.Null(TransactionRules.FaultIn(Body(report), "test"));
        Assert.NotNull(TransactionRules.FaultIn(Body(report, report), "test"));
        Assert.NotNull(TransactionRules.FaultIn(
            Body(new Operation.Put("docs", "a", Liar.One.ToArray()), report), "test"));
    }

    [Fact]
    public void A_report_comes_back_from_its_encoding_as_it_went_in()
    {
        var evidence = _liar.VotesTwice(_liar.Commit(2));
        var transaction = _chain.Sign(Alice, new Operation.Report(evidence));
        Assert.True(Transaction.TryDecode(transaction.Encoded, out var decoded, out _));
        Assert.Equal([new Operation.Report(evidence)], decoded.Body.Operations);
    }

    private FailureReason Report(Evidence evidence) => _chain.Try(Alice, new Operation.Report(evidence));

    private OffenderEntry? Offender()
        => _chain.Store.ReadState(StateKey.ForOffender(Key(2).PublicKey)) is { } bytes
            ? OffenderEntry.Decode(bytes)
            : null;

    private void Grow(int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            _chain.Apply();
        }
    }
}
