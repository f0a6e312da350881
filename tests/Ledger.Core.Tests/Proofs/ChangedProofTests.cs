namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// Proofs from a chain whose validators have changed: each set is believed because the one before it has
/// certified it, and whoever has left certifies nothing any more.
/// </summary>
public sealed class ChangedProofTests
{
    /// <summary>
    /// Block 2 adds seat 4; block 4 adds seat 5 and empties seats 0 and 1; the head is block 6.
    /// </summary>
    private readonly ProofChain _chain = new();

    public ChangedProofTests()
    {
        _chain.Grow();
        _chain.Change(newcomers: 1);
        _chain.Grow();
        _chain.Change(newcomers: 1, leaving: [0, 1]);
        _chain.Grow();
        _chain.Grow();
    }

    private FinalityProof Good => _chain.Finality(5, certified: 6);

    [Fact]
    public void It_says_who_joined_who_left_and_who_certified_it()
    {
        var verdict = _chain.Verify(_chain.Receipt(5, 0, Good));
        Assert.Null(verdict.Fault);
        Assert.Contains(verdict.Proven, words =>
            words.StartsWith("block 2 added validator-4, which 3 of 4", StringComparison.Ordinal));
        Assert.Contains(verdict.Proven, words => words.StartsWith(
            "block 4 removed validator-0 and removed validator-1 and added validator-5, which 4 of 5",
            StringComparison.Ordinal));
        Assert.Contains("3 of 4 validators (validator-3, validator-4, validator-5)", verdict.Proven[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_and_a_state_proof_need_every_change_in_its_place()
    {
        var (first, second) = (Good.Changes[0], Good.Changes[1]);
        AssertRefused("names validators that are not those of its height", []);
        AssertRefused("names validators that are not those of its height", [first]);
        AssertRefused("names validators that are not those of its height", [second]);
        AssertRefused("names validators that are not those of its height", [second, first]);
        AssertRefused("height 2 is out of its place", [first, first, second]);
        AssertRefused("height 4 is out of its place", [first, second, second]);
    }

    [Fact]
    public void A_change_above_the_certified_header_is_out_of_its_place()
        => Assert.Equal(
            "the change of validators at height 2 is out of its place",
            FaultIn(_chain.Finality(1) with { Changes = [_chain.ChangeAt(new(2))] }));

    [Fact]
    public void A_change_names_exactly_the_seats_that_it_gave_or_emptied()
    {
        var change = Good.Changes[1];
        var (left, also, joined) = (change.Seats[0], change.Seats[1], change.Seats[2]);
        var friend = new Validator("friend", Chain.Key(77).PublicKey);
        IReadOnlyList<SeatChange>[] forged =
        [
            [], [left], [left, also], [joined], [also, left, joined], [left, left, also, joined],
            [left, also, joined, new(new(6), friend)], [left, also, new(new(5), friend)],
            [left, also, new(new(6), joined.Validator)],
            [new(new(2), null), also, joined], [left, also, new(new(5), null)],
            [left, also, new(new(5), joined.Validator! with { Name = "validator-6" })],
        ];
        Assert.All(forged, seats => Assert.Equal(
            "the validators after block 4 are not those that it names", FaultIn(
                With(1, change with { Seats = seats }))));
    }

    [Fact]
    public void A_change_is_certified_by_a_quorum_of_those_before_it_each_once()
    {
        var change = Good.Changes[1];
        AssertSigners("3 validators signed, 4 are a quorum", [2, 3, 4]);
        AssertSigners("the signers do not ascend", [1, 2, 2, 3]);
        AssertSigners("the signers do not ascend", [2, 1, 3, 4]);
        AssertSigners("signer 5 is not a validator", [2, 3, 4, 5]);
        Assert.Null(FaultIn(With(1, change with { Signers = _chain.Signers([0, 1, 2, 3, 4], 4, view: 3) })));

        // The right words under another block, in another view, or by another's hand are none under this one.
        AssertBadSignature(change with { Signers = _chain.Signers([1, 2, 3, 4], 3, view: 3) });
        AssertBadSignature(change with { View = new(4) });
        AssertBadSignature(change with
        {
            Signers = [.. change.Signers.SkipLast(1),
                change.Signers[^1] with { Signature = change.Signers[0].Signature }],
        });

        void AssertSigners(string fault, int[] signers) => Assert.StartsWith(
            fault, FaultIn(With(1, change with { Signers = _chain.Signers(signers, 4, view: 3) })),
            StringComparison.Ordinal);

        void AssertBadSignature(CertifiedChange forged)
            => Assert.StartsWith(
                "the signature of validator", FaultIn(With(1, forged)), StringComparison.Ordinal);
    }

    /// <summary>
    /// The change that a newcomer certifies alone with those who left is none: only the set before it counts.
    /// </summary>
    [Fact]
    public void Who_joins_by_a_change_does_not_certify_it()
        => Assert.Equal(
            "signer 4 is not a validator",
            FaultIn(With(0, Good.Changes[0] with { Signers = _chain.Signers([1, 2, 4], 2, view: 3) })));

    [Theory]
    [InlineData("signer 0 is not a validator", 0, 1, 2)]
    [InlineData("signer 0 is not a validator", 0, 3, 4, 5)]
    [InlineData("signer 1 is not a validator", 1, 2, 3, 4)]
    [InlineData("2 validators signed, 3 are a quorum", 0, 1)]
    public void Who_was_removed_certifies_nothing_afterwards(string fault, params int[] signers)
        => Assert.Equal(fault, FaultIn(_chain.Finality(5, certified: 6, signers: signers)));

    [Fact]
    public void A_header_of_the_old_set_above_a_change_is_refused_with_that_change_shown_or_not()
    {
        var old = _chain.Genesis.Validators.Hash;
        var header = Good.Header with { ValidatorsHash = old, NextValidatorsHash = old };
        Assert.Equal("header 5 names validators that are not those of its height", FaultIn(
            Good with { Header = header }));

        // A path across the change shows that there was one.
        var across = _chain.Finality(1, certified: 6);
        Assert.Null(FaultIn(across));
        Assert.Equal(
            "block 2 changed the validators, and that change is not shown", FaultIn(
                across with { Changes = [] }));
        Assert.Equal(
            "block 4 changed the validators, and that change is not shown", FaultIn(
                across with { Changes = [across.Changes[0]] }));
    }

    [Fact]
    public void A_change_that_is_certified_and_yet_of_another_chain_of_blocks_is_refused()
    {
        // The old set signs two blocks at height 4, both with this change; only one lies below the header.
        ProofChain twin = new();
        twin.Grow();
        twin.Change(newcomers: 1);
        twin.Grow(twin.Sign(twin.Put("notes", "another", "history")));
        twin.Change(newcomers: 1, leaving: [0, 1]);
        Assert.Equal(_chain.Genesis.Hash, twin.Genesis.Hash);
        Assert.Equal(
            "block 4 changed the validators, and that change is not shown",
            FaultIn(_chain.Finality(
                3, certified: 6) with
            { Changes = [Good.Changes[0], twin.ChangeAt(new(4))] }));
    }

    [Fact]
    public void A_change_where_the_chain_of_blocks_has_none_is_refused()
    {
        // The set signs two blocks at height 5. By the one that does not lie below the header two would be a
        // quorum, and they sign a block of the other chain.
        ProofChain twin = new();
        twin.Grow();
        twin.Change(newcomers: 1);
        twin.Grow();
        twin.Change(newcomers: 1, leaving: [0, 1]);
        twin.Change(newcomers: 0, leaving: [2]);
        Assert.Equal(
            "a change of validators is not one of its chain",
            FaultIn(_chain.Finality(5, certified: 6, signers: [4, 5]) with
            {
                Changes = [.. Good.Changes, twin.ChangeAt(new(5))],
            }));
    }

    [Fact]
    public void Every_field_of_a_header_of_a_change_is_signed()
    {
        var header = Good.Changes[1].Header;
        BlockHeader[] forged =
        [
            header with { Parent = Liar.One }, header with { Time = new(1) },
            header with { Proposer = new(3) },
            header with { TransactionsRoot = Liar.One }, header with { ReceiptsRoot = Liar.One },
            header with { StateRoot = Liar.One }, header with { Height = new(3) },
            header with { Height = new(5) },
            header with { ChainId = "elsewhere" }, header with { ValidatorsHash = Liar.One },
            header with { NextValidatorsHash = Liar.One },
        ];
        Assert.All(
            forged, changed => Assert.NotNull(FaultIn(With(1, Good.Changes[1] with { Header = changed }))));
    }

    private void AssertRefused(string fault, IReadOnlyList<CertifiedChange> changes)
    {
        var finality = Good with { Changes = changes };
        Assert.Contains(fault, FaultIn(finality), StringComparison.Ordinal);
        var ofState = _chain.Key(StateKey.Validators);
        Assert.Null(_chain.Verify(ofState).Fault);
        Assert.Contains(
            fault, _chain.Verify(ofState with
            {
                Finality =
                ofState.Finality with { Changes = changes }
            }).Fault, StringComparison.Ordinal);
    }

    private FinalityProof With(int index, CertifiedChange change)
    {
        CertifiedChange[] changes = [.. Good.Changes];
        changes[index] = change;
        return Good with { Changes = changes };
    }

    /// <summary>Of a receipt of the block that the finality begins with.</summary>
    private string? FaultIn(FinalityProof finality)
    {
        var height = (int)Math.Clamp(finality.Header.Height.Value, 1, 6);
        return _chain.Verify(_chain.Receipt(height, 0, finality)).Fault;
    }
}
