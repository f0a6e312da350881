using Ledger.Crypto;
using static Ledger.Core.Tests.Chain;

namespace Ledger.Core.Tests;

/// <summary>One value, one encoding: golden bytes, and refusal of all else.</summary>
public sealed class CanonicalTests
{
    private static readonly Transaction Sample = Transaction.Sign(
        new(
            "test", Admin.PublicKey, new(1_700_000_000_000), 42,
            [
                new Operation.Put("docs", "a", new byte[] { 1, 2, 3 }, 7),
                new Operation.Transfer("euro", Alice.PublicKey, new(300)),
                new Operation.Grant(Bob.PublicKey, Role.Writer, "docs"),
            ]),
        Admin);

    [Fact]
    public void The_bytes_of_a_transaction_are_part_of_the_protocol()
    {
        Assert.StartsWith(
            "9295a474657374c420" + Admin.PublicKey
            + "cf0000018bcfe568002a939501a4646f6373a161c403010203079405a46575726f",
            Convert.ToHexStringLower(Sample.Encoded.Span), StringComparison.Ordinal);
        Assert.EndsWith("c440"
            + Sample.Signature, Convert.ToHexStringLower(Sample.Encoded.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bytes_of_a_statement_are_part_of_the_protocol()
    {
        var bytes = new byte[Statement.Size];
        new Statement(
            Sha256.Hash("chain"u8), StatementKind.ViewChange, new(0x0102), new(3), new(4), Sha256.Hash(
                "block"u8))
            .WriteTo(bytes);
        Assert.Equal(
            "6c65646765722f766f74652f76310000" + Sha256.Hash("chain"u8) + "03"
            + "000000000000010200000000000000030000000000000004" + Sha256.Hash("block"u8),
            Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void What_was_encoded_decodes_to_the_same_and_its_signature_holds()
    {
        Assert.True(Transaction.TryDecode(Sample.Encoded, out var decoded, out _));
        Assert.Equal(Sample.Hash, decoded.Hash);
        Assert.Equal(Sample.Body.Operations, decoded.Body.Operations);
        Assert.True(decoded.SignatureIsValid());
    }

    [Fact]
    public void A_truncated_transaction_is_refused_at_every_length()
    {
        for (var length = 0; length < Sample.Encoded.Length; length++)
        {
            Assert.False(Transaction.TryDecode(Sample.Encoded[..length], out _, out var fault));
            Assert.NotEmpty(fault);
        }
    }

    [Fact]
    public void Trailing_bytes_and_longer_forms_are_refused()
    {
        Assert.False(Transaction.TryDecode((byte[])[.. Sample.Encoded.Span, 0], out _, out var trailing));
        Assert.Equal("bytes follow the value", trailing);

        // The nonce 42 as a uint8 instead of a fixint: the same value, another encoding.
        var bytes = Sample.Encoded.ToArray();
        var nonce = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2a, 0x93]);
        Assert.False(Transaction.TryDecode(
            (byte[])[.. bytes[..nonce], 0xcc, .. bytes[nonce..]], out _, out var longer));
        Assert.Equal("not the canonical encoding of its value", longer);
    }

    [Fact]
    public void No_mutation_of_a_transaction_throws_or_decodes_to_the_same_hash_with_other_bytes()
    {
        var chance = new Random(3);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Sample.Encoded.ToArray();
            for (var flips = chance.Next(1, 4); flips > 0; flips--)
            {
                bytes[chance.Next(bytes.Length)] = (byte)chance.Next(256);
            }

            if (Transaction.TryDecode(bytes, out var decoded, out _)
                && !bytes.AsSpan().SequenceEqual(Sample.Encoded.Span))
            {
                Assert.False(decoded.SignatureIsValid());
            }
        }
    }

    [Fact]
    public void A_block_whose_body_is_not_its_headers_is_refused()
    {
        var chain = new Chain();
        var block = chain.Propose(chain.Machine.HeadHash, Sample);
        Assert.True(BlockCodec.TryDecode(block.Encoded, out var decoded, out _));
        Assert.Equal(block.Hash, decoded.Hash);

        var other = chain.Sign(Admin, new Operation.Put("docs", "b", default));
        Assert.False(BlockCodec.TryDecode(new Block(block.Header, [other]).Encoded, out _, out var fault));
        Assert.Equal("the transactions are not those that the header names", fault);
    }

    [Fact]
    public void A_certificates_signers_ascend_each_once()
    {
        var subject = new Subject(new(1), new(2), Sha256.Hash("block"u8));
        QuorumCertificate Of(params int[] signers)
            => new(StatementKind.Commit, subject, [.. signers.Select(i => new Signer(new(i), default))]);
        Assert.True(
            CertificateCodec.TryDecode(CertificateCodec.Encode(Of(0, 1, 3)), out var certificate, out _));
        Assert.Equal(Of(0, 1, 3), certificate);
        Assert.False(CertificateCodec.TryDecode(CertificateCodec.Encode(Of(0, 1, 1)), out _, out _));
        Assert.False(CertificateCodec.TryDecode(CertificateCodec.Encode(Of(1, 0)), out _, out _));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(4, 1, 3)]
    [InlineData(5, 1, 4)]
    [InlineData(6, 1, 4)]
    [InlineData(7, 2, 5)]
    [InlineData(10, 3, 7)]
    public void Byzantine_quorums_share_a_correct_validator(int n, int f, int q)
    {
        var quorums = Quorums.Byzantine(n);
        Assert.Equal((f, q), (quorums.Faulty, quorums.Quorum));
        Assert.True((2 * q) - n > f);
        Assert.True(q <= n - f);
    }
}
