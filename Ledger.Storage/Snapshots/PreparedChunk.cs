using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>A chunk of a snapshot that was found good, as the rows that it leaves in the ledger.</summary>
public sealed class PreparedChunk : IDisposable
{
    private static readonly byte[] Present = [1];

    private PreparedChunk(int index) => Index = index;

    /// <summary>Its number in the manifest.</summary>
    public int Index { get; }

    /// <summary>All but the places of transactions, and the note that the chunk is there.</summary>
    internal WriteBatch Batch { get; } = new();

    internal List<(Digest Transaction, Height Height, int Index)> Places { get; } = [];

    public void Dispose() => Batch.Dispose();

    internal static PreparedChunk OfHistory(int index, byte[] note, HistoryChunk chunk, Families families)
    {
        PreparedChunk prepared = new(index);
        foreach (var (header, receipts) in chunk.Blocks)
        {
            var height = Keys.Of(header.Height);
            prepared.Batch.Put(height, Canonical.Encode(header, HeaderCodec.Write), families.Headers);
            prepared.Batch.Put(Keys.Of(header.ComputeHash()), height, families.BlockHeights);
            prepared.Batch.Put(height, ReceiptCodec.EncodeAll(receipts), families.Receipts);
            for (var i = 0; i < receipts.Count; i++)
            {
                prepared.Places.Add((receipts[i].Transaction, header.Height, i));
            }
        }

        prepared.Batch.Put(note, Present, families.Meta);
        return prepared;
    }

    /// <summary>The note says what the part is to the page above it.</summary>
    internal static PreparedChunk OfState(
        int index, byte[] note, StatePart part, StateChunk chunk,
        IReadOnlyList<(Digest Path, Digest Value)> leaves,
        Families families)
    {
        PreparedChunk prepared = new(index);
        List<StateChange> held = [];
        for (var i = 0; i < leaves.Count; i++)
        {
            // A subtree that ends above the part may show a lone entry beside it, which its own part brings.
            if (part.Holds(leaves[i].Path))
            {
                held.Add(new(leaves[i].Path, leaves[i].Value));
                prepared.Batch.Put(chunk.Entries[i].Key, chunk.Entries[i].Value, families.State);
            }
        }

        var subtree = StateSubtree.Of(part.Nibbles, held);
        foreach (var page in subtree.Pages)
        {
            prepared.Batch.Put(page.Key, page.Bytes!, families.StateTree);
        }

        prepared.Batch.Put(note, subtree.Encode(), families.Meta);
        return prepared;
    }
}
