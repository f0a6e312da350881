using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// Makes the receipts of one final block's transactions; holds both trees' leaves so that further ones cost
/// little. The block is this node's own and was checked before, so only the transactions that are proven are
/// decoded.
/// </summary>
public sealed class ReceiptProver
{
    private readonly Digest _genesis;
    private readonly ReadOnlyMemory<byte>[] _transactions;
    private readonly IReadOnlyList<Receipt> _receipts;
    private readonly FinalityProof _finality;
    private readonly Digest[] _transactionLeaves;
    private readonly Digest[] _receiptLeaves;

    /// <param name="genesis">Its hash.</param>
    /// <param name="encodedBlock">As it is stored.</param>
    /// <param name="receipts">One for each of the block's transactions.</param>
    /// <param name="finality">Of the block.</param>
    public ReceiptProver(
        Digest genesis, ReadOnlyMemory<byte> encodedBlock, IReadOnlyList<Receipt> receipts,
        FinalityProof finality)
    {
        _genesis = genesis;
        _receipts = receipts;
        _finality = finality;
        _transactions = TransactionsOf(encodedBlock);
        Invariant.Holds(_transactions.Length == receipts.Count, "each transaction has one receipt");
        _receiptLeaves = ReceiptTree.LeavesOf(receipts);
        _transactionLeaves = new Digest[receipts.Count];
        Span<byte> leaf = stackalloc byte[Digest.Size + Signature.Size];
        for (var i = 0; i < _transactionLeaves.Length; i++)
        {
            receipts[i].Transaction.CopyTo(leaf);
            _transactions[i].Span[^Signature.Size..].CopyTo(leaf[Digest.Size..]);
            _transactionLeaves[i] = MerkleTree.LeafHash(leaf);
        }
    }

    public ReceiptProof Prove(int index)
    {
        var isWhole = Transaction.TryDecode(_transactions[index], out var transaction, out _);
        Invariant.Holds(
            isWhole && transaction!.Hash == _receipts[index].Transaction, "a receipt is of its transaction");
        return new(
            _genesis, transaction!, _receipts[index], MerklePath.Of(_transactionLeaves, index),
            MerklePath.Of(_receiptLeaves, index), _finality);
    }

    private static ReadOnlyMemory<byte>[] TransactionsOf(ReadOnlyMemory<byte> encodedBlock)
    {
        MessagePackReader reader = new(encodedBlock);
        reader.ReadArrayHeader();
        HeaderCodec.Read(ref reader);
        var transactions = new ReadOnlyMemory<byte>[reader.ReadArrayHeader()];
        for (var i = 0; i < transactions.Length; i++)
        {
            var length = (int)(reader.ReadBytes()?.Length ?? 0);
            transactions[i] = encodedBlock.Slice((int)reader.Consumed - length, length);
        }

        return transactions;
    }
}
