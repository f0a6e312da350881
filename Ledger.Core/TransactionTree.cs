using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>The RFC 6962 tree over a block's transactions.</summary>
public static class TransactionTree
{
    public static Digest[] LeavesOf(IReadOnlyList<Transaction> transactions)
    {
        var leaves = new Digest[transactions.Count];
        for (var i = 0; i < leaves.Length; i++)
        {
            leaves[i] = transactions[i].Leaf();
        }

        return leaves;
    }

    public static Digest RootOf(IReadOnlyList<Transaction> transactions)
        => MerkleTree.Root(LeavesOf(transactions));
}
