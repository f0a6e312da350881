using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Turns final blocks into one atomic batch: everything that each changes, and the head last.
/// </summary>
internal static class BlockBatch
{
    public static void Put(WriteBatch batch, Families families, FinalBlock final)
    {
        var block = final.Block;
        var height = Keys.Of(block.Height);
        batch.Put(height, block.Encoded.Span, families.Blocks);
        batch.Put(height, Canonical.Encode(block.Header, HeaderCodec.Write), families.Headers);
        batch.Put(Keys.Of(block.Hash), height, families.BlockHeights);
        batch.Put(height, ReceiptCodec.EncodeAll(final.Receipts), families.Receipts);
        if (final.Certificate is { } certificate)
        {
            batch.Put(height, CertificateCodec.Encode(certificate), families.Certificates);
        }

        PutTransactions(batch, families, block);
        PutState(batch, families, final);
        batch.Put(LedgerReader.HeadKey, [.. height, .. Keys.Of(block.Hash)], families.Meta);
    }

    private static void PutTransactions(WriteBatch batch, Families families, Block block)
    {
        var hashes = new Digest[block.Transactions.Count];
        var places = new int[hashes.Length];
        for (var i = 0; i < hashes.Length; i++)
        {
            (hashes[i], places[i]) = (block.Transactions[i].Hash, i);
        }

        // In the order of the keys, since RocksDB then finds each one's place near the last one's.
        Array.Sort(hashes, places);
        for (var i = 0; i < hashes.Length; i++)
        {
            batch.Put(
                Keys.Of(hashes[i]), TransactionPlace.Encode(block.Height, places[i]), families.Transactions);
        }
    }

    private static void PutState(WriteBatch batch, Families families, FinalBlock final)
    {
        StateWrite[] writes = [.. final.Writes];
        Array.Sort(writes, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        foreach (var (key, value) in writes)
        {
            PutOrDelete(batch, key, value, families.State);
            batch.Put(Keys.History(key, final.Block.Height), HistoryValue.Encode(value), families.History);
        }

        PageWrite[] pages = [.. final.Pages];
        Array.Sort(pages, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        foreach (var page in pages)
        {
            PutOrDelete(batch, page.Key, page.Bytes, families.StateTree);
        }
    }

    private static void PutOrDelete(WriteBatch batch, byte[] key, byte[]? value, ColumnFamilyHandle family)
    {
        if (value is null)
        {
            batch.Delete(key, family);
        }
        else
        {
            batch.Put(key, value, family);
        }
    }
}
