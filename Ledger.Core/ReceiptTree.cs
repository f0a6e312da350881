using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The RFC 6962 tree over a block's receipts; a leaf is the hash of a receipt's canonical encoding.
/// </summary>
public static class ReceiptTree
{
    public static Digest[] LeavesOf(IReadOnlyList<Receipt> receipts)
    {
        var leaves = new Digest[receipts.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = LeafOf(receipts[i]);
        }

        return leaves;
    }

    public static Digest LeafOf(Receipt receipt)
        => Canonical.LeafHash(receipt, ReceiptCodec.Write);

    public static Digest RootOf(IReadOnlyList<Receipt> receipts) => MerkleTree.Root(LeavesOf(receipts));
}
