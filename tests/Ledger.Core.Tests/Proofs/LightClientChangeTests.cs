namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// A light client follows a chain across changes of its validators, and is not led back by those who have
/// left: all four of genesis leave with block 3, and go on signing a history of their own.
/// </summary>
public sealed class LightClientChangeTests
{
    private readonly ProofChain _chain = Grown();
    private readonly ProofChain _fork = Grown();

    public LightClientChangeTests()
    {
        _chain.Change(newcomers: 4, leaving: [0, 1, 2, 3]);
        _fork.Grow();
        for (var i = 0; i < 3; i++)
        {
            _chain.Grow();
            _fork.Grow();
        }

        Assert.Equal(_chain.Genesis.Hash, _fork.Genesis.Hash);
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    [InlineData(3, 4)]
    public void It_follows_a_chain_across_a_change(int from, int to)
    {
        var client = Accept(At(from - 1), _chain.Headers(from, to));
        Assert.Equal((ulong)to, client.Height.Value);
        Assert.Equal(_chain.Machine.HeadHash, Accept(client, _chain.Headers(to, 6)).HeadHash);
    }

    /// <summary>
    /// What the old set signs is a chain of the genesis to whoever knows no more; to this client it is a
    /// fork.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public void A_fork_that_the_removed_validators_sign_is_refused_wherever_it_begins(int height)
    {
        var client = At(height);
        for (var from = 1; from <= 6; from++)
        {
            var headers = _fork.Headers(from, 6);
            Assert.True(LightClient.Verify(headers, _chain.Genesis).Holds);
            Assert.NotNull(client.Accept(headers).Fault);
        }

        Assert.Contains("it forks", client.Accept(_fork.Headers(1, 6)).Fault, StringComparison.Ordinal);
        Assert.Contains("it forks", client.Accept(_fork.Headers(height, 6)).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_that_follow_a_change_and_are_of_the_old_set_are_told_by_it()
        => Assert.Contains(
            "its validators are not those whom block 3 has named", At(3).Accept(_fork.Headers(4, 6)).Fault,
            StringComparison.Ordinal);

    [Fact]
    public void The_old_set_cannot_sign_what_follows_the_change_that_it_made()
    {
        var forged = _chain.Headers(4, 6, _chain.Finality(4, certified: 6, signers: [1, 2, 3]));
        Assert.Equal("signer 1 is not a validator", At(3).Accept(forged).Fault);
        Assert.Equal("signer 1 is not a validator", At(2).Accept(forged).Fault);
        Assert.Equal("signer 1 is not a validator", LightClient.From(forged, _chain.Genesis).Fault);
    }

    [Fact]
    public void Across_a_change_that_is_not_shown_it_does_not_go()
    {
        var good = _chain.Finality(2, certified: 6);
        Assert.Equal(
            "block 3 changed the validators, and that change is not shown",
            At(1).Accept(_chain.Headers(2, 6, good with { Changes = [] })).Fault);
        Accept(At(1), _chain.Headers(2, 6, good));
    }

    [Fact]
    public void Who_remembered_the_fork_is_not_led_to_the_chain_either()
    {
        var (client, fault) = LightClient.From(_fork.Headers(4, 6), _fork.Genesis);
        Assert.Null(fault);
        Assert.Contains("it forks", client!.Accept(_chain.Headers(1, 6)).Fault, StringComparison.Ordinal);
    }

    private static ProofChain Grown()
    {
        ProofChain chain = new();
        chain.Grow();
        chain.Grow();
        return chain;
    }

    private LightClient At(int height)
    {
        if (height == 0)
        {
            return LightClient.At(_chain.Genesis);
        }

        var (client, fault) = LightClient.From(_chain.Headers(height, height), _chain.Genesis);
        Assert.Null(fault);
        return client!;
    }

    private static LightClient Accept(LightClient client, Proof headers)
    {
        var (next, fault) = client.Accept(headers);
        Assert.Null(fault);
        return next!;
    }
}
