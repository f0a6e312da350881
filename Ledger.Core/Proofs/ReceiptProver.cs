using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>Makes the receipts of one block's transactions; holds both trees' leaves so that further ones cost little.</summary>
public sealed class ReceiptProver
{
    private readonly Digest _genesis;
    private readonly Block _block;
    private readonly IReadOnlyList<Receipt> _receipts;
    private readonly FinalityProof _finality;
    private readonly Digest[] _transactionLeaves;
    private readonly Digest[] _receiptLeaves;

    /// <param name="genesis">Its hash.</param>
    /// <param name="receipts">One for each of the block's transactions.</param>
    /// <param name="finality">Of the block.</param>
    public ReceiptProver(Digest genesis, Block block, IReadOnlyList<Receipt> receipts, FinalityProof finality)
    {
        _genesis = genesis;
        _block = block;
        _receipts = receipts;
        _finality = finality;
        _transactionLeaves = TransactionTree.LeavesOf(block.Transactions);
        _receiptLeaves = ReceiptTree.LeavesOf(receipts);
    }

    public ReceiptProof Prove(int index) => new(
        _genesis, _block.Transactions[index], _receipts[index], MerklePath.Of(_transactionLeaves, index),
        MerklePath.Of(_receiptLeaves, index), _finality);
}
