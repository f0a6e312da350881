namespace Ledger.Core.Tests.Proofs;

/// <summary>A light client goes on only by what extends what it knows.</summary>
public sealed class LightClientTests
{
    private readonly ProofChain _chain = new();

    public LightClientTests()
    {
        for (var i = 0; i < 6; i++)
        {
            _chain.Grow();
        }
    }

    [Fact]
    public void It_follows_a_chain_from_its_genesis()
    {
        var client = Accept(LightClient.At(_chain.Genesis), _chain.Headers(1, 3));
        Assert.Equal(3UL, client.Height.Value);
        client = Accept(client, _chain.Headers(4, 4));
        client = Accept(client, _chain.Headers(2, 6));
        Assert.Equal(_chain.Machine.HeadHash, client.HeadHash);
        Assert.Equal(client.HeadHash, Accept(client, _chain.Headers(6, 6)).HeadHash);
    }

    [Fact]
    public void It_remembers_what_any_proof_has_shown()
    {
        var (client, fault) = LightClient.From(_chain.Receipt(2, 0), _chain.Genesis);
        Assert.Null(fault);
        Assert.Equal(6UL, Accept(client!, _chain.Headers(3, 6)).Height.Value);
    }

    [Fact]
    public void A_gap_an_older_chain_and_a_bad_certificate_are_refused()
    {
        var (client, _) = LightClient.From(_chain.Headers(3, 3), _chain.Genesis);
        Assert.Contains(
            "do not reach back to 3", client!.Accept(_chain.Headers(5, 6)).Fault, StringComparison.Ordinal);
        Assert.Contains(
            "end at height 2, below 3", client.Accept(_chain.Headers(1, 2)).Fault, StringComparison.Ordinal);
        var forged = _chain.Headers(4, 5, _chain.Finality(4, certified: 5, signers: [0, 1]));
        Assert.Contains("are a quorum", client.Accept(forged).Fault, StringComparison.Ordinal);
        Assert.Contains(
            "are a quorum", LightClient.From(forged, _chain.Genesis).Fault, StringComparison.Ordinal);
    }

    /// <summary>
    /// The validators themselves sign another history: the client tells, whichever way the headers reach it.
    /// </summary>
    [Fact]
    public void A_fork_is_told_even_when_a_quorum_signed_it()
    {
        ProofChain fork = new();
        fork.Grow(fork.Sign(fork.Put("notes", "another", "history")));
        for (var i = 0; i < 5; i++)
        {
            fork.Grow();
        }

        var (client, _) = LightClient.From(_chain.Headers(3, 3), _chain.Genesis);
        Assert.Equal(_chain.Genesis.Hash, fork.Genesis.Hash);
        foreach (var headers
            in new[] { fork.Headers(4, 6), fork.Headers(3, 3), fork.Headers(1, 6), fork.Headers(1, 3) })
        {
            Assert.True(LightClient.Verify(headers, _chain.Genesis).Holds);
            Assert.Contains("it forks", client!.Accept(headers).Fault, StringComparison.Ordinal);
        }
    }

    private static LightClient Accept(LightClient client, Proof headers)
    {
        var (next, fault) = client.Accept(headers);
        Assert.Null(fault);
        return next!;
    }
}
