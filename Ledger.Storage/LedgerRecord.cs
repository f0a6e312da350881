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
    /// What one final block must have left for good, whatever came after it: all but its certificate, of which several
    /// can be right, and the state, which goes on.
    /// </summary>
    public static IEnumerable<LedgerRecord> Of(FinalBlock final)
    {
        var block = final.Block;
        var height = Keys.Of(block.Height);
        yield return new(RecordFamily.Blocks, height, block.Encoded.ToArray());
        yield return new(RecordFamily.Headers, height, Canonical.Encode(block.Header, HeaderCodec.Write));
        yield return new(RecordFamily.BlockHeights, Keys.Of(block.Hash), height);
        yield return new(RecordFamily.Receipts, height, ReceiptCodec.EncodeAll(final.Receipts));
        for (var i = 0; i < block.Transactions.Count; i++)
        {
            yield return new(
                RecordFamily.Transactions, Keys.Of(block.Transactions[i].Hash), TransactionPlace.Encode(block.Height, i));
        }

        foreach (var (key, value) in final.Writes)
        {
            yield return new(RecordFamily.History, Keys.History(key, block.Height), HistoryValue.Encode(value));
        }
    }

    public static byte[] KeyOf(Height height) => Keys.Of(height);

    /// <summary>Names a record for a person.</summary>
    public static string Describe(RecordFamily family, ReadOnlySpan<byte> key) => family switch
    {
        RecordFamily.Blocks or RecordFamily.Headers or RecordFamily.Certificates or RecordFamily.Receipts
            when key.Length == Keys.HeightBytes => $"the record '{NameOf(family)}' of height {Keys.ReadHeight(key)}",
        _ => $"the record '{NameOf(family)}' of key {Convert.ToHexStringLower(key)}",
    };

    private static string NameOf(RecordFamily family)
        => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(family.ToString());
}
