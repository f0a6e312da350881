using Ledger.Crypto;

namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// What is no block of the chain is not final, even where all validators have signed it: their word counts
/// for what the chain's rules allow and for nothing else.
/// </summary>
public sealed class SignedHeaderTests
{
    private static readonly View View = new(7);

    private readonly ProofChain _chain = new();
    private readonly BlockHeader _header;

    public SignedHeaderTests() => _header = _chain.Grow().Header;

    [Fact]
    public void A_header_that_they_all_signed_is_final()
        => Assert.Null(FaultIn(_header));

    [Fact]
    public void A_header_of_another_chain_is_not()
        => AssertRefused("is of chain 'elsewhere'", _header with { ChainId = "elsewhere" });

    [Fact]
    public void A_header_of_a_proposer_without_a_seat_is_not()
        => AssertRefused("names validators that are not those", _header with { Proposer = new(4) });

    [Fact]
    public void A_header_that_names_another_set_is_not()
        => AssertRefused(
            "names validators that are not those", _header with { ValidatorsHash = Digest.Zero });

    [Fact]
    public void A_genesis_block_is_not()
        => AssertRefused("certified by nobody", _header with { Height = Height.Genesis });

    [Theory]
    [InlineData(2, null)]
    [InlineData(3, "does not follow it")]
    [InlineData(1, "does not follow it")]
    public void What_follows_a_header_is_one_higher(int height, string? fault)
    {
        var above = _header with { Height = new((ulong)height), Parent = _header.ComputeHash() };

        AssertFault(fault, new(_header, [above], View, SignersOf(above)));
    }

    [Fact]
    public void What_follows_a_header_names_it_as_its_parent()
    {
        var above = _header with { Height = new(2), Parent = Digest.Zero };

        AssertFault("does not follow it", new(_header, [above], View, SignersOf(above)));
    }

    private void AssertRefused(string fault, BlockHeader header)
        => Assert.Contains(fault, FaultIn(header), StringComparison.Ordinal);

    private void AssertFault(string? fault, FinalityProof finality)
    {
        var found = FinalityVerifier.FaultIn(finality, _chain.Genesis);
        Assert.Equal(fault is null, found is null);
        Assert.Contains(fault ?? "", found ?? "", StringComparison.Ordinal);
    }

    private string? FaultIn(BlockHeader header) => FinalityVerifier.FaultIn(
        header, View, SignersOf(header), _chain.Genesis, _chain.Genesis.Validators);

    private List<Signer> SignersOf(BlockHeader header)
    {
        var statement = new byte[Statement.Size];
        new Subject(View, header.Height, header.ComputeHash()).Commit(_chain.Genesis.Hash).WriteTo(statement);
        return [.. _chain.Keys.Select((key, i) => new Signer(new(i), key.Sign(statement)))];
    }
}
