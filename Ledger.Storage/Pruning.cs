using Ledger.Core;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Removes what a pruned ledger does not keep. Each step first says what is kept and removes in the same
/// batch, so a crash leaves a ledger that knows what it has.
/// </summary>
internal sealed class Pruning(Families families, LedgerReader reader, BlockHeader head, KeptHeights kept)
{
    private const int BlocksAtATime = 256;
    private const int VersionsAtATime = 10_000;

    private readonly WriteOptions _unsynced = new();

    public void Run(Height below, Action<KeptHeights> keeps)
    {
        Invariant.Holds(below <= head.Height, "the head is never pruned");
        if (below <= kept.Blocks)
        {
            return;
        }

        RemoveBodies(below, keeps);
        RemoveReceipts(Lower(below, ReplayHorizon()), keeps);
        RemoveHistory(below);
        Compact();
    }

    private void RemoveBodies(Height below, Action<KeptHeights> keeps)
    {
        using WriteBatch batch = new();
        DeleteHeights(batch, families.Blocks, kept.Blocks, below);
        Keep(batch, kept with { Blocks = below }, keeps);
    }

    /// <summary>A receipt names its transaction, so the places of transactions go with them.</summary>
    private void RemoveReceipts(Height below, Action<KeptHeights> keeps)
    {
        while (kept.Receipts < below)
        {
            var end = Lower(below, new(kept.Receipts.Value + BlocksAtATime));
            using WriteBatch batch = new();
            for (var height = kept.Receipts; height < end; height = height.Next)
            {
                foreach (var receipt in reader.ReadReceipts(height) ?? [])
                {
                    batch.Delete(Keys.Of(receipt.Transaction), families.Transactions);
                }
            }

            DeleteHeights(batch, families.Receipts, kept.Receipts, end);
            Keep(batch, kept with { Receipts = end }, keeps);
        }
    }

    /// <summary>Older versions of a key go; the one that is in force stays, however old it is.</summary>
    private void RemoveHistory(Height below)
    {
        using var iterator = families.Database.NewIterator(families.History);
        byte[] previous = [];
        var isAtEnd = false;
        WriteBatch batch = new();
        try
        {
            for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
            {
                var key = iterator.Key();
                isAtEnd = key.AsSpan().SequenceEqual(Keys.End);
                if (isAtEnd)
                {
                    break;
                }

                var isNewest = !key.AsSpan(0, key.Length - Keys.HeightBytes).SequenceEqual(previous);
                previous = key[..^Keys.HeightBytes];
                if (Keys.HeightOfHistory(key) < below
                    && (!isNewest || HistoryValue.Decode(iterator.Value()) is null))
                {
                    batch.Delete(key, families.History);
                }

                if (batch.Count() >= VersionsAtATime)
                {
                    families.Database.Write(batch, _unsynced);
                    batch.Clear();
                }
            }

            families.Database.Write(batch, _unsynced);
            if (!isAtEnd)
            {
                throw reader.Damaged("the history of the keys ended before its end was met");
            }
        }
        finally
        {
            batch.Dispose();
        }
    }

    private void Compact()
    {
        byte[]? unbounded = null;
        foreach (var family
            in new[] { families.Blocks, families.Receipts, families.Transactions, families.History })
        {
            families.Database.CompactRange(unbounded, unbounded, family);
        }
    }

    /// <summary>
    /// The highest block whose transactions can no longer be valid: it and all above are what a snapshot's
    /// history holds. Header times never run backwards.
    /// </summary>
    private Height ReplayHorizon()
    {
        var horizon = head.Time.Plus(-SnapshotLimits.History);
        var (low, high) = (kept.Receipts.Value, head.Height.Value);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            var header = reader.ReadHeader(new(middle))
                ?? throw reader.Damaged($"header {middle} is missing");
            (low, high) = header.Time < horizon ? (middle, high) : (low, middle - 1);
        }

        return new(low);
    }

    private void Keep(WriteBatch batch, KeptHeights now, Action<KeptHeights> keeps)
    {
        batch.Put(KeptHeights.Key, now.Encode(), families.Meta);

        // Told first: who still finds a block that is going is better off than who is promised one that is
        // gone.
        keeps(now);
        families.Database.Write(batch, _unsynced);
        kept = now;
    }

    private static void DeleteHeights(WriteBatch batch, ColumnFamilyHandle family, Height from, Height to)
    {
        var (first, end) = (Keys.Of(from), Keys.Of(to));
        batch.DeleteRange(first, (ulong)first.Length, end, (ulong)end.Length, family);
    }

    private static Height Lower(Height a, Height b) => a < b ? a : b;
}
