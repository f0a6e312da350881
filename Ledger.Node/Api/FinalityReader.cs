using Ledger.Core;
using Ledger.Storage;

namespace Ledger.Node.Api;

/// <summary>Collects from the store what shows that a header is final.</summary>
public static class FinalityReader
{
    /// <summary>From a height up to the first certificate at or above <paramref name="reach"/>.</summary>
    /// <param name="from">The header that the proof is about.</param>
    /// <param name="reach">Not below it; how far the headers shall go at least.</param>
    /// <returns>Null when this node holds no such headers, or no certificate near enough.</returns>
    public static FinalityProof? Read(LedgerStore store, Height from, Height reach)
    {
        if (store.Head is not { } head || from > head.Height || store.ReadHeader(from) is not { } first)
        {
            return null;
        }

        List<BlockHeader> path = [];
        for (var height = from; height <= head.Height && path.Count <= ProofFile.HeadersMax; height = height.Next)
        {
            if (height > from)
            {
                if (store.ReadHeader(height) is not { } header)
                {
                    return null;
                }

                path.Add(header);
            }

            if (height >= reach && store.ReadCertificate(height) is { Kind: StatementKind.Commit } certificate)
            {
                return new(first, path, certificate.Subject.View, certificate.Signers);
            }
        }

        return null;
    }
}
