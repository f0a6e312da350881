using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Checks that a header is final by what the genesis says alone: which validators there were at first and how
/// many of them make a quorum. Every later set is one that the set before it has certified.
/// </summary>
public static class FinalityVerifier
{
    /// <returns>The first fault, or null when the header is final.</returns>
    public static string? FaultIn(FinalityProof finality, Genesis genesis)
        => FaultIn(finality, genesis, out _);

    /// <param name="epochs">The validators of every epoch up to the certified header's, when there is no
    /// fault.</param>
    internal static string? FaultIn(
        FinalityProof finality, Genesis genesis, out IReadOnlyList<ValidatorSet> epochs)
        => ChangesFault(finality, genesis, out epochs)
            ?? ChainFault(finality, genesis, epochs, out var certified)
            ?? SignersFault(
                finality.Certified, certified, finality.View, finality.Signers, genesis, epochs[^1]);

    /// <summary>Whether these signatures make one header final, which this set certifies.</summary>
    public static string? FaultIn(
        BlockHeader header, View view, IReadOnlyList<Signer> signers, Genesis genesis,
        ValidatorSet validators)
        => HeaderFault(header, genesis, validators)
            ?? SignersFault(header, header.ComputeHash(), view, signers, genesis, validators);

    /// <summary>Who signed what, in words, once it has been checked.</summary>
    public static string Describe(FinalityProof finality, Genesis genesis)
    {
        var validators = EpochsOf(finality, genesis)[^1];
        var above = finality.Path.Count == 0
            ? "it"
            : $"block {finality.Certified.Height}, which descends from it,";
        return $"block {finality.Header.Height} is final: {finality.Signers.Count} of {validators.Count} "
            + $"validators ({NamesOf(finality.Signers, validators)}) committed {above} in view "
            + $"{finality.View}, and {validators.Quorums.Quorum} are a quorum";
    }

    /// <summary>
    /// How the validators have changed since genesis, in words, a sentence for each change.
    /// </summary>
    public static IEnumerable<string> DescribeChanges(FinalityProof finality, Genesis genesis)
    {
        var epochs = EpochsOf(finality, genesis);
        for (var i = 0; i < finality.Changes.Count; i++)
        {
            var change = finality.Changes[i];
            var before = epochs[i];
            var words = change.Seats.Select(seat => seat.Validator is { } added
                ? $"added {added.Name}"
                : before.Contains(seat.Seat)
                ? $"removed {before[seat.Seat].Name}" : $"left seat {seat.Seat} empty");
            yield return $"block {change.Header.Height} {string.Join(" and ", words)}, which "
                + $"{change.Signers.Count} of {before.Count} validators "
                + $"({NamesOf(change.Signers, before)}) committed";
        }
    }

    /// <summary>The validators at a height that a checked proof covers.</summary>
    public static ValidatorSet ValidatorsAt(Height height, FinalityProof finality, Genesis genesis)
        => EpochsOf(finality, genesis)[finality.Changes.Count(change => change.Header.Height < height)];

    private static string NamesOf(IReadOnlyList<Signer> signers, ValidatorSet validators)
        => string.Join(", ", signers.Select(signer => validators[signer.Validator].Name));

    private static List<ValidatorSet> EpochsOf(FinalityProof finality, Genesis genesis)
    {
        List<ValidatorSet> epochs = [genesis.Validators];
        foreach (var change in finality.Changes)
        {
            epochs.Add(epochs[^1].With(change.Seats)!);
        }

        return epochs;
    }

    /// <summary>Each change certified by the validators before it, and naming those after it.</summary>
    private static string? ChangesFault(
        FinalityProof finality, Genesis genesis, out IReadOnlyList<ValidatorSet> epochs)
    {
        List<ValidatorSet> sets = [genesis.Validators];
        epochs = sets;
        var below = Height.Genesis;
        foreach (var change in finality.Changes)
        {
            var header = change.Header;
            if (header.Height <= below || header.Height >= finality.Certified.Height)
            {
                return $"the change of validators at height {header.Height} is out of its place";
            }

            if (FaultIn(header, change.View, change.Signers, genesis, sets[^1]) is { } fault)
            {
                return fault;
            }

            if (sets[^1].With(change.Seats) is not { } next || next.Hash != header.NextValidatorsHash)
            {
                return $"the validators after block {header.Height} are not those that it names";
            }

            below = header.Height;
            sets.Add(next);
        }

        return null;
    }

    /// <summary>Each header of this chain, each on the one before, each of the set that then was.</summary>
    private static string? ChainFault(
        FinalityProof finality, Genesis genesis, IReadOnlyList<ValidatorSet> epochs, out Digest hash)
    {
        var below = finality.Header;
        hash = below.ComputeHash();
        var epoch = finality.Changes.Count(change => change.Header.Height < finality.Header.Height);
        if (HeaderFault(below, genesis, epochs[epoch]) is { } fault)
        {
            return fault;
        }

        foreach (var header in finality.Path)
        {
            if (header.Height.Value != below.Height.Value + 1 || header.Parent != hash)
            {
                return $"the header after height {below.Height} does not follow it";
            }

            if (below.EndsEpoch)
            {
                if (epoch == finality.Changes.Count || finality.Changes[epoch].Header.ComputeHash() != hash)
                {
                    return $"block {below.Height} changed the validators, and that change is not shown";
                }

                epoch++;
            }

            if (HeaderFault(header, genesis, epochs[epoch]) is { } faultAbove)
            {
                return faultAbove;
            }

            below = header;
            hash = header.ComputeHash();
        }

        return epoch == finality.Changes.Count ? null : "a change of validators is not one of its chain";
    }

    private static string? HeaderFault(BlockHeader header, Genesis genesis, ValidatorSet validators)
    {
        if (header.ChainId != genesis.ChainId)
        {
            return $"header {header.Height} is of chain '{header.ChainId}' and not of '{genesis.ChainId}'";
        }

        if (header.Height == Height.Genesis)
        {
            return "a genesis block is certified by nobody";
        }

        return header.ValidatorsHash == validators.Hash && validators.Contains(header.Proposer)
            ? null
            : $"header {header.Height} names validators that are not those of its height";
    }

    /// <summary>Cheap checks first: a signature costs more than all the rest.</summary>
    private static string? SignersFault(
        BlockHeader header,
        Digest hash,
        View view,
        IReadOnlyList<Signer> signers,
        Genesis genesis,
        ValidatorSet validators)
    {
        var quorum = validators.Quorums.Quorum;
        if (signers.Count < quorum)
        {
            return $"{signers.Count} validators signed, {quorum} are a quorum";
        }

        for (var i = 0; i < signers.Count; i++)
        {
            var seat = signers[i].Validator;
            if (!validators.Contains(seat))
            {
                return $"signer {seat} is not a validator";
            }

            if (i > 0 && seat.CompareTo(signers[i - 1].Validator) <= 0)
            {
                return "the signers do not ascend, each once";
            }
        }

        Span<byte> statement = stackalloc byte[Statement.Size];
        new Subject(view, header.Height, hash).Commit(genesis.Hash).WriteTo(statement);
        foreach (var signer in signers)
        {
            var validator = validators[signer.Validator];
            if (!Ed25519Verifier.Verify(validator.PublicKey, statement, signer.Signature))
            {
                return $"the signature of validator {signer.Validator} ({validator.Name}) under block "
                    + $"{header.Height} in view {view} is not valid";
            }
        }

        return null;
    }
}
