using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>The kinds of records in a data folder, each a column family of its own.</summary>
public enum RecordFamily
{
    Meta,
    Blocks,
    Headers,
    Certificates,
    BlockHeights,
    Transactions,
    Receipts,
    State,
    StateTree,
    History,
}

/// <summary>One record that must be in a data folder, byte for byte.</summary>
public readonly record struct LedgerRecord(RecordFamily Family, byte[] Key, byte[] Value)
{
    /// <summary>
    /// What one final block must have left for good under its height, whatever came after it: all but its
    /// certificate, of which several can be right.
    /// </summary>
    public static IEnumerable<LedgerRecord> OfBlock(FinalBlock final)
    {
        var block = final.Block;
        var height = Keys.Of(block.Height);
        yield return new(RecordFamily.Blocks, height, block.Encoded.ToArray());
        yield return new(RecordFamily.Headers, height, Canonical.Encode(block.Header, HeaderCodec.Write));
        yield return new(RecordFamily.Receipts, height, ReceiptCodec.EncodeAll(final.Receipts));
    }

    /// <summary>
    /// What a block must have left elsewhere: by hashes, and in the history of the keys that it wrote.
    /// </summary>
    public static IEnumerable<LedgerRecord> Scattered(FinalBlock final)
    {
        var block = final.Block;
        yield return OfHash(block.Hash, block.Height);
        for (var i = 0; i < block.Transactions.Count; i++)
        {
            yield return OfPlace(block.Transactions[i].Hash, block.Height, i);
        }

        foreach (var (key, value) in final.Writes)
        {
            yield return new(
                RecordFamily.History, Keys.History(key, block.Height), HistoryValue.Encode(value));
        }
    }

    /// <summary>How a block is found by its hash.</summary>
    public static LedgerRecord OfHash(Digest block, Height height)
        => new(RecordFamily.BlockHeights, Keys.Of(block), Keys.Of(height));

    /// <summary>How a transaction is found by its hash.</summary>
    public static LedgerRecord OfPlace(Digest transaction, Height height, int index)
        => new(RecordFamily.Transactions, Keys.Of(transaction), TransactionPlace.Encode(height, index));

    /// <summary>Takes a key of the history apart; null when it is none.</summary>
    public static (byte[] StateKey, Height Height)? OfHistory(byte[] key)
    {
        var prefix = key.Length - Keys.HeightBytes;
        return prefix >= sizeof(ushort)
            && key.AsSpan(0, prefix).SequenceEqual(Keys.HistoryPrefix(key.AsSpan(sizeof(ushort)..prefix)))
            ? (key[sizeof(ushort)..prefix], Keys.HeightOfHistory(key))
            : null;
    }

    /// <summary>
    /// What a version in the history must be for this entry of the state; null when the key was removed.
    /// </summary>
    public static byte[] VersionOf(byte[]? entry) => HistoryValue.Encode(entry);

    public static byte[] KeyOf(Height height) => Keys.Of(height);

    /// <summary>Names a record for a person.</summary>
    public static string Describe(RecordFamily family, ReadOnlySpan<byte> key) => family switch
    {
        RecordFamily.Blocks or RecordFamily.Headers or RecordFamily.Certificates or RecordFamily.Receipts
            when key.Length == Keys.HeightBytes
                => $"the record '{NameOf(family)}' of height {Keys.ReadHeight(key)}",
        _ => $"the record '{NameOf(family)}' of key {Convert.ToHexStringLower(key)}",
    };

    internal static string NameOf(RecordFamily family)
        => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(family.ToString());
}
