using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Follows a chain by its headers and certificates alone: it remembers the last header it has checked, and
/// accepts only what extends that. An immutable value: keep it, or write <see cref="Head"/> to a file and
/// come back with it later.
/// </summary>
/// <example>
/// <code>
/// var client = LightClient.At(genesis);
/// var (next, fault) = client.Accept(headers);   // from GET /v1/headers?from={client.Height + 1}
/// </code>
/// </example>
public sealed class LightClient
{
    private readonly Genesis _genesis;

    private LightClient(Genesis genesis, BlockHeader head, Digest headHash)
    {
        _genesis = genesis;
        Head = head;
        HeadHash = headHash;
    }

    /// <summary>The last header that is known to be final.</summary>
    public BlockHeader Head { get; }

    public Digest HeadHash { get; }

    public Height Height => Head.Height;

    /// <summary>A client that knows the genesis and nothing more.</summary>
    public static LightClient At(Genesis genesis) => new(genesis, genesis.Block.Header, genesis.Block.Hash);

    /// <summary>A client that remembers what an earlier proof of any kind has shown.</summary>
    public static (LightClient? Client, string? Fault) From(Proof remembered, Genesis genesis)
        => FaultIn(remembered, genesis) is { } fault
            ? (null, fault)
            : (new(genesis, remembered.Finality.Certified, remembered.Finality.Certified.ComputeHash()),
                null);

    /// <summary>Goes on by headers that follow the head, or reach across it, up to a certified one.</summary>
    /// <returns>The client there, or the first fault. What is no higher than the head and agrees with it
    /// leaves it as it is.</returns>
    public (LightClient? Client, string? Fault) Accept(Proof headers)
    {
        if (FaultIn(headers, _genesis) is { } fault)
        {
            return (null, fault);
        }

        var finality = headers.Finality;
        if (finality.Header.Height > Height.Next)
        {
            return (null,
                $"its headers begin at height {finality.Header.Height} and do not reach back to {Height}");
        }

        if (finality.Certified.Height < Height)
        {
            return (null, $"its headers end at height {finality.Certified.Height}, below {Height}");
        }

        if (finality.Header.Height == Height.Next
            && finality.Header.ValidatorsHash != Head.NextValidatorsHash)
        {
            return (null, $"its validators are not those whom block {Height} has named");
        }

        return HashAt(finality) == HeadHash
            ? (new(_genesis, finality.Certified, finality.Certified.ComputeHash()), null)
            : (null, $"it forks: at height {Height} it has another block than {HeadHash}, and a quorum "
                + "signed both");
    }

    /// <summary>Whether the headers are a chain that a quorum has certified.</summary>
    public static Verdict Verify(HeadersProof proof, Genesis genesis)
        => FaultIn(proof, genesis) is { } fault
            ? Verdict.Of(fault)
            : Verdict.Of(
            [
                $"headers {proof.Finality.Header.Height} to {proof.Finality.Certified.Height} of chain "
                    + $"'{genesis.ChainId}' follow each other",
                .. FinalityVerifier.DescribeChanges(proof.Finality, genesis),
                FinalityVerifier.Describe(proof.Finality, genesis),
            ]);

    private static string? FaultIn(Proof proof, Genesis genesis) => proof.Genesis == genesis.Hash
        ? FinalityVerifier.FaultIn(proof.Finality, genesis)
        : $"it is of the chain with genesis {proof.Genesis}, this genesis is {genesis.Hash}";

    /// <summary>
    /// What the headers say stands at this client's height: themselves, or as the first one's parent.
    /// </summary>
    private Digest HashAt(FinalityProof finality)
    {
        if (finality.Header.Height == Height.Next)
        {
            return finality.Header.Parent;
        }

        var above = (int)(Height.Value - finality.Header.Height.Value);
        return above < finality.Path.Count ? finality.Path[above].Parent : finality.Certified.ComputeHash();
    }
}
