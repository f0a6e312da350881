using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// Writes the ledger of one moment as a snapshot file. Reads a database snapshot, so the chain goes on
/// meanwhile. What is written depends on the chain alone: every validator makes the same chunks of the same
/// block.
/// </summary>
public sealed class SnapshotWriter(Genesis genesis, LedgerSnapshot state, CancellationToken cancellationToken)
{
    /// <param name="path">The file; must not exist. There is all of it or none of it.</param>
    /// <param name="finality">
    /// Shows that a block is final: it must be the snapshot's head. Asked for when the chunks are written,
    /// since a descendant's certificate may come only then.
    /// </param>
    /// <exception cref="SnapshotException">The disk cannot take it, or nothing shows that the block is
    /// final.</exception>
    public SnapshotManifest Write(string path, Func<FinalityProof?> finality)
    {
        var head = state.Head ?? throw new SnapshotException("the ledger is empty");
        if (head.Height == Height.Genesis)
        {
            throw new SnapshotException("the ledger holds nothing but the genesis block");
        }

        using var file = SnapshotFile.Create(path);
        var history = WriteHistory(file, head);
        var parts = WriteState(file, head);
        if (finality() is not { } proof || proof.Header != head)
        {
            throw new SnapshotException($"no certificate shows here that block {head.Height} is final");
        }

        SnapshotManifest manifest = new(genesis.Hash, proof, parts, history);
        if (manifest.FaultIn(genesis) is { } fault)
        {
            throw new SnapshotException($"this ledger makes a snapshot that is not valid: {fault}");
        }

        file.Finish(manifest);
        return manifest;
    }

    private List<HistoryPart> WriteHistory(SnapshotFile.Writer file, BlockHeader head)
    {
        List<HistoryPart> parts = [];
        var to = LowestHeight(head);
        while (to <= head.Height)
        {
            cancellationToken.ThrowIfCancellationRequested();
            List<(BlockHeader Header, IReadOnlyList<Receipt> Receipts)> run = [];
            for (var receipts = 0;
                to <= head.Height && run.Count < SnapshotLimits.HistoryChunkBlocks
                    && receipts < SnapshotLimits.HistoryChunkReceipts;
                to = to.Next)
            {
                run.Add((HeaderAt(to), ReceiptsAt(to)));
                receipts += run[^1].Receipts.Count;
            }

            var bytes = new HistoryChunk(run).Encode();
            file.Add(bytes);
            parts.Add(new(
                run[0].Header.Height, run[^1].Header.Height, run[^1].Header.ComputeHash(),
                run[0].Header.Parent,
                ChunkId.Of(bytes)));
        }

        return parts;
    }

    /// <summary>
    /// The highest block whose transactions can no longer be valid after the head, or the first block.
    /// </summary>
    private Height LowestHeight(BlockHeader head)
    {
        var horizon = head.Time.Plus(-SnapshotLimits.History);
        var height = head.Height;
        while (height.Value > 1 && HeaderAt(height).Time >= horizon)
        {
            height = height.Previous;
        }

        return height;
    }

    private BlockHeader HeaderAt(Height height)
        => state.ReadHeader(height)
        ?? throw new SnapshotException($"header {height} is missing in the ledger");

    private IReadOnlyList<Receipt> ReceiptsAt(Height height)
        => state.ReadReceipts(height)
            ?? throw new SnapshotException($"the receipts of block {height} are missing in the ledger");

    private List<StatePart> WriteState(SnapshotFile.Writer file, BlockHeader head)
    {
        var plan = StatePlan.Of(state, cancellationToken);
        var tree = StateTree.Open(state, head.StateRoot);
        List<StatePart> parts = [];
        foreach (var (path, nibbles) in plan.Parts())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var range = tree.ProveRange(path, nibbles, int.MaxValue)!;
            var entries = new (byte[], byte[])[range.Leaves.Count];
            for (var i = 0; i < entries.Length; i++)
            {
                var key = plan.KeyAt(range.Leaves[i].Path);
                entries[i] = (key, state.ReadState(key)!);
            }

            var bytes = new StateChunk(range.Siblings, entries).Encode();
            file.Add(bytes);
            parts.Add(new(path, nibbles, ChunkId.Of(bytes)));
        }

        return parts;
    }
}
