using System.Numerics;
using Ledger.Crypto;

namespace Ledger.Core.Tests.Proofs;

/// <summary>What a receipt proves, and what it must not be made to prove.</summary>
public sealed class ReceiptProofTests
{
    /// <summary>The order of Ed25519's group.</summary>
    private static readonly BigInteger GroupOrder
        = (BigInteger.One << 252) + BigInteger.Parse("27742317777372353535851937790883648493");

    [Fact]
    public void A_receipt_says_who_signed_what_when_and_what_became_of_it()
    {
        ProofChain chain = new();
        chain.Grow(
            chain.Sign(chain.Put("docs", "it's", "new\nline")),
            chain.Sign(new Operation.Transfer("gold", Chain.Bob.PublicKey, new(5))));
        chain.Grow();
        var words = string.Join('\n', chain.Verify(chain.Receipt(1, 0)).Proven);
        Assert.Contains($"was signed by account {Chain.Admin.PublicKey}", words, StringComparison.Ordinal);
        Assert.Contains("block 1 of chain 'proofs', which validator-0 proposed at 2023-11-14 22:13:21.000Z",
            words, StringComparison.Ordinal);
        Assert.Contains("all of its operations took effect:\n  0: put docs/'it\\u0027s' = 'new\\u000aline'",
            words, StringComparison.Ordinal);
        Assert.EndsWith(
            "block 1 is final: 3 of 4 validators (validator-1, validator-2, validator-3) committed it in "
            + "view 7, and 3 are a quorum",
            words, StringComparison.Ordinal);

        var above = chain.Verify(chain.Receipt(1, 1, chain.Finality(1, certified: 2))).Proven;
        Assert.Contains(
            "none of its operations took effect, since operation 0 failed (asset_unknown):", above);
        Assert.Contains(
            "committed block 2, which descends from it, in view 7", above[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConsensusMode.Pbft, 1, 1)]
    [InlineData(ConsensusMode.Pbft, 4, 3)]
    [InlineData(ConsensusMode.Pbft, 5, 4)]
    [InlineData(ConsensusMode.Pbft, 7, 5)]
    [InlineData(ConsensusMode.Raft, 1, 1)]
    [InlineData(ConsensusMode.Raft, 3, 2)]
    [InlineData(ConsensusMode.Raft, 5, 3)]
    public void A_quorum_convinces_and_one_less_does_not(ConsensusMode mode, int validators, int quorum)
    {
        ProofChain chain = new(validators, mode);
        chain.Grow();
        AssertBoth(chain, chain.Receipt(1, 0, chain.Finality(1, signers: Enumerable.Range(0, quorum))), null);
        AssertBoth(
            chain, chain.Receipt(1, 0, chain.Finality(1, signers: Enumerable.Range(0, validators))), null);
        AssertBoth(
            chain, chain.Receipt(1, 0, chain.Finality(1, signers: Enumerable.Range(0, quorum - 1))),
            $"{quorum - 1} validators signed, {quorum} are a quorum");
    }

    [Fact]
    public void Signers_count_once_in_order_and_only_if_they_are_validators()
    {
        ProofChain chain = new();
        chain.Grow();
        AssertBoth(chain, chain.Receipt(1, 0, chain.Finality(1, signers: [0, 1, 1])),
            "the signers do not ascend, each once");
        AssertBoth(chain, chain.Receipt(1, 0, chain.Finality(1, signers: [1, 0, 2])),
            "the signers do not ascend, each once");

        var finality = chain.Finality(1);
        Signer stranger = new(new(4), finality.Signers[0].Signature);
        AssertBoth(
            chain, chain.Receipt(1, 0, finality with { Signers = [.. finality.Signers, stranger] }),
            "signer 4 is not a validator");
    }

    [Fact]
    public void Signatures_under_anything_else_do_not_count()
    {
        ProofChain chain = new();
        chain.Grow();
        chain.Grow();
        var finality = chain.Finality(1);
        AssertRefused(finality with { View = new(8) });
        AssertRefused(finality with { Signers = chain.Finality(2).Signers });
        AssertRefused(finality with
        {
            Signers =
            [.. finality.Signers.Select(s => s with { Signature = PrepareBy(s.Validator.Value) })]
        });
        AssertRefused(finality with
        {
            Signers =
            [.. finality.Signers.Skip(1), finality.Signers[0] with { Validator = new(3) }]
        });

        void AssertRefused(FinalityProof forged)
            => AssertBoth(chain, chain.Receipt(1, 0, forged),
                forged.Signers[^1].Validator == forged.Signers[^2].Validator
                ? "the signers do not ascend" : "is not valid");

        Signature PrepareBy(int validator)
        {
            var statement = new byte[Statement.Size];
            new Subject(new(7), new(1), finality.Header.ComputeHash()).Prepare(chain.Genesis.Hash)
                .WriteTo(statement);
            return chain.Keys[validator].Sign(statement);
        }
    }

    [Fact]
    public void Headers_must_follow_each_other_up_to_the_certified_one()
    {
        ProofChain chain = new();
        for (var i = 0; i < 4; i++)
        {
            chain.Grow();
        }

        var whole = chain.Finality(1, certified: 4);
        AssertBoth(chain, chain.Receipt(1, 0, whole), null);
        AssertBoth(
            chain, chain.Receipt(1, 0, whole with { Path = [whole.Path[0], whole.Path[2]] }),
            "the header after height 2 does not follow it");
        AssertBoth(
            chain, chain.Receipt(1, 0, whole with { Path = [whole.Path[1], whole.Path[0], whole.Path[2]] }),
            "the header after height 1 does not follow it");
        AssertBoth(
            chain, chain.Receipt(1, 0, whole with { Path = whole.Path.Take(2).ToArray() }), "is not valid");
    }

    [Fact]
    public void A_receipt_of_another_chain_convinces_nobody()
    {
        ProofChain here = new();
        ProofChain there = new(chainId: "elsewhere");
        here.Grow();
        there.Grow();
        AssertBoth(here, there.Receipt(1, 0), "it is of the chain with genesis");

        // The same name and validators, another genesis: only its hash tells them apart.
        ProofChain twin = new(5);
        twin.Grow();
        AssertBoth(here, twin.Receipt(1, 0) with { Genesis = here.Genesis.Hash },
            "names validators that are not those of its height");
        AssertBoth(
            here, here.Receipt(1, 0) with { Genesis = twin.Genesis.Hash }, "it is of the chain with genesis");
    }

    [Fact]
    public void A_transaction_for_another_chain_is_none_of_this_one_whatever_block_holds_it()
    {
        ProofChain chain = new();
        ProofChain other = new(chainId: "elsewhere");
        chain.Grow(other.Sign(other.Put("docs", "a", "1")));

        Assert.Equal(
            "the transaction is for chain 'elsewhere' and not for 'proofs'",
            chain.Verify(chain.Receipt(1, 0)).Fault);
    }

    [Fact]
    public void Parts_of_two_true_receipts_do_not_make_a_third()
    {
        ProofChain chain = new();
        chain.Grow(
            chain.Sign(chain.Put("docs", "a", "1")), chain.Sign(new Operation.Burn("gold", new(1))),
            chain.Sign(chain.Put("docs", "b", "2")));
        var applied = chain.Receipt(1, 0);
        var failed = chain.Receipt(1, 1);
        AssertBoth(chain, failed with { Receipt = applied.Receipt, ReceiptPath = applied.ReceiptPath },
            "of another transaction");
        AssertBoth(chain, failed with { Receipt = failed.Receipt with { Failure = FailureReason.None } },
            "the outcome is not shown");
        AssertBoth(
            chain, applied with { TransactionPath = failed.TransactionPath }, "the transaction is not shown");
        AssertBoth(
            chain, applied with
            {
                ReceiptPath = new(
                [.. applied.ReceiptPath.Steps, .. applied.ReceiptPath.Steps])
            },
            "the outcome is not shown");
    }

    /// <summary>S and S + L satisfy the same equation: one signature must not have two forms.</summary>
    [Fact]
    public void A_malleable_signature_is_refused_by_both()
    {
        ProofChain chain = new();
        chain.Grow();
        var finality = chain.Finality(1);
        var forged = finality.Signers.ToArray();
        forged[0] = forged[0] with { Signature = PlusOrder(forged[0].Signature) };
        AssertBoth(
            chain, chain.Receipt(1, 0, finality with { Signers = forged }), "the signature of validator 1");
    }

    /// <summary>A small-order key and R verify under any message where nobody looks.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void Small_order_points_are_refused_by_both(string point)
    {
        ProofChain chain = new(1);
        chain.Grow();
        var receipt = chain.Receipt(1, 0);
        var smallR = new Signature([.. Convert.FromHexString(point), .. new byte[32]]);
        AssertBoth(
            chain, receipt with { Finality = receipt.Finality with { Signers = [new(new(0), smallR)] } },
            "the signature of validator 0");

        // The same as a sender's key: R = the point and S = 0 holds for it under many messages.
        var body = receipt.Transaction.Body with { Sender = new(Convert.FromHexString(point)) };
        Assert.True(
            Transaction.TryDecode(Transaction.EncodeSigned(body, smallR), out var transaction, out _));
        Receipt outcome = new(transaction.Hash, FailureReason.None, 0);
        var header = receipt.Finality.Header with
        {
            TransactionsRoot = TransactionTree.RootOf([transaction]),
            ReceiptsRoot = ReceiptTree.RootOf([outcome]),
        };
        ReceiptProof forged = new(
            receipt.Genesis, transaction, outcome, new([]), new([]),
            receipt.Finality with { Header = header });
        AssertBoth(chain, forged, "the sender's signature is not valid");
    }

    [Fact]
    public void A_receipt_of_a_large_block_is_small()
    {
        ProofChain chain = new();
        chain.Grow(
            [.. Enumerable.Range(0, 1000).Select(i => chain.Sign(chain.Put("docs", $"key {i}", "value")))]);
        chain.Grow();
        chain.Grow();
        var proof = chain.Receipt(1, 617, chain.Finality(1, certified: 3));
        var transactionBytes = proof.Transaction.Encoded.Length;
        Assert.InRange(ProofFile.EncodeMessagePack(proof).Length - transactionBytes, 0, 3 * 1024);
        Assert.InRange(ProofFile.EncodeJson(proof).Length - (2 * transactionBytes), 0, 8 * 1024);
        AssertBoth(chain, proof, null);
    }

    private static Signature PlusOrder(Signature signature)
    {
        var bytes = new byte[Signature.Size];
        signature.CopyTo(bytes);
        var scalar = new BigInteger(bytes.AsSpan(32), isUnsigned: true) + GroupOrder;
        bytes.AsSpan(32).Clear();
        scalar.TryWriteBytes(bytes.AsSpan(32), out _, isUnsigned: true);
        return new(bytes);
    }

    /// <summary>Our verdict, and that of the second verifier wherever there is one.</summary>
    private static void AssertBoth(ProofChain chain, Proof proof, string? fault)
    {
        var verdict = chain.Verify(proof);
        if (fault is null)
        {
            Assert.Null(verdict.Fault);
        }
        else
        {
            Assert.Contains(fault, verdict.Fault, StringComparison.Ordinal);
        }

        using var second = SecondVerifier.Start(chain.Genesis);
        foreach (var line in second?.Verify([ProofFile.EncodeJson(proof), ProofFile.EncodeMessagePack(proof)])
            ?? [])
        {
            Assert.StartsWith(fault is null ? "ok" : "refused", line, StringComparison.Ordinal);
        }
    }
}
