using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Node.Api;

/// <summary>Collects from the store what shows that a header is final.</summary>
public static class FinalityReader
{
    /// <summary>From a height up to the first certificate at or above <paramref name="reach"/>.</summary>
    /// <param name="genesis">Of the chain.</param>
    /// <param name="store">Of this node.</param>
    /// <param name="from">The header that the proof is about.</param>
    /// <param name="reach">Not below it; how far the headers shall go at least.</param>
    /// <returns>Null when this node holds no such headers, or no certificate near enough.</returns>
    public static FinalityProof? Read(Genesis genesis, LedgerStore store, Height from, Height reach)
    {
        if (store.Head is not { } head || from > head.Height || store.ReadHeader(from) is not { } first)
        {
            return null;
        }

        List<BlockHeader> path = [];
        for (var height = from; height <= head.Height
            && path.Count <= ProofFile.HeadersMax; height = height.Next)
        {
            if (height > from)
            {
                if (store.ReadHeader(height) is not { } header)
                {
                    return null;
                }

                path.Add(header);
            }

            if (height >= reach
                && store.ReadCertificate(height) is { Kind: StatementKind.Commit } certificate)
            {
                return ChangesBelow(genesis, store, height) is { } changes
                    ? new(first, path, certificate.Subject.View, certificate.Signers) { Changes = changes }
                    : null;
            }
        }

        return null;
    }

    /// <summary>Every change of the validators below a height, each with its own certificate.</summary>
    private static List<CertifiedChange>? ChangesBelow(Genesis genesis, LedgerStore store, Height height)
    {
        List<CertifiedChange> changes = [];
        var history = ValidatorHistory.Read(genesis, key => store.ReadState(key));
        for (var epoch = 1UL; epoch <= history.EpochAt(height); epoch++)
        {
            var at = history.Changes[(int)epoch - 1];
            if (store.ReadHeader(at) is not { } header || store.ReadCertificate(at) is not { } certificate)
            {
                return null;
            }

            changes.Add(new(header, certificate.Subject.View, certificate.Signers, history.ChangesOf(epoch)));
        }

        return changes;
    }
}
