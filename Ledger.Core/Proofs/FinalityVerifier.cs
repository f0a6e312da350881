using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Checks that a header is final by what the genesis says alone: which validators there are and how many of them make a
/// quorum.
/// </summary>
public static class FinalityVerifier
{
    /// <returns>The first fault, or null when the header is final.</returns>
    public static string? FaultIn(FinalityProof finality, Genesis genesis)
        => ChainFault(finality, genesis, out var certified) ?? CertificateFault(finality, certified, genesis);

    /// <summary>Who signed what, in words, once it has been checked.</summary>
    public static string Describe(FinalityProof finality, Genesis genesis)
    {
        var names = string.Join(", ", finality.Signers.Select(signer => genesis.Validators[signer.Validator].Name));
        var above = finality.Path.Count == 0
            ? "it"
            : $"block {finality.Certified.Height}, which descends from it,";
        return $"block {finality.Header.Height} is final: {finality.Signers.Count} of {genesis.Validators.Count} validators "
            + $"({names}) committed {above} in view {finality.View}, and {genesis.Validators.Quorums.Quorum} are a quorum";
    }

    /// <summary>Each header of this chain, each on the one before.</summary>
    private static string? ChainFault(FinalityProof finality, Genesis genesis, out Digest hash)
    {
        var below = finality.Header;
        hash = below.ComputeHash();
        if (HeaderFault(below, genesis) is { } fault)
        {
            return fault;
        }

        foreach (var header in finality.Path)
        {
            if (header.Height.Value != below.Height.Value + 1 || header.Parent != hash)
            {
                return $"the header after height {below.Height} does not follow it";
            }

            if (HeaderFault(header, genesis) is { } faultAbove)
            {
                return faultAbove;
            }

            below = header;
            hash = header.ComputeHash();
        }

        return null;
    }

    private static string? HeaderFault(BlockHeader header, Genesis genesis)
    {
        if (header.ChainId != genesis.ChainId)
        {
            return $"header {header.Height} is of chain '{header.ChainId}' and not of '{genesis.ChainId}'";
        }

        if (header.Height == Height.Genesis)
        {
            return "a genesis block is certified by nobody";
        }

        return header.ValidatorsHash == genesis.Validators.Hash && genesis.Validators.Contains(header.Proposer)
            ? null
            : $"header {header.Height} names validators that are not the genesis's";
    }

    /// <summary>Cheap checks first: a signature costs more than all the rest.</summary>
    private static string? CertificateFault(FinalityProof finality, Digest certified, Genesis genesis)
    {
        var quorum = genesis.Validators.Quorums.Quorum;
        if (finality.Signers.Count < quorum)
        {
            return $"{finality.Signers.Count} validators signed, {quorum} are a quorum";
        }

        for (var i = 0; i < finality.Signers.Count; i++)
        {
            var validator = finality.Signers[i].Validator;
            if (!genesis.Validators.Contains(validator))
            {
                return $"signer {validator} is not a validator";
            }

            if (i > 0 && validator.CompareTo(finality.Signers[i - 1].Validator) <= 0)
            {
                return "the signers do not ascend, each once";
            }
        }

        Span<byte> statement = stackalloc byte[Statement.Size];
        new Subject(finality.View, finality.Certified.Height, certified).Commit(genesis.Hash).WriteTo(statement);
        foreach (var signer in finality.Signers)
        {
            var validator = genesis.Validators[signer.Validator];
            if (!Ed25519Verifier.Verify(validator.PublicKey, statement, signer.Signature))
            {
                return $"the signature of validator {signer.Validator} ({validator.Name}) under block "
                    + $"{finality.Certified.Height} in view {finality.View} is not valid";
            }
        }

        return null;
    }
}
