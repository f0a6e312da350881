using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// Where an audit's execution begins. A pruned folder and one that began with a snapshot lack the first
/// blocks, so they are executed from a certified snapshot, and what lies below it is held against the
/// certified headers; without a snapshot all of it is.
/// </summary>
/// <param name="Kept">From which heights on the folder has what.</param>
/// <param name="Base">The last height that is not executed; null when execution begins at the
/// genesis.</param>
/// <param name="Snapshot">The snapshot of that height; null when nothing is executed.</param>
internal sealed record AuditStart(KeptHeights Kept, Height? Base, string? Snapshot)
{
    /// <param name="wished">The snapshot to execute from; null to take the folder's own, if there is need for
    /// one.</param>
    /// <exception cref="SnapshotException">The snapshot that is wished cannot be used.</exception>
    public static AuditStart Of(LedgerArchive archive, Height head, Genesis genesis, string? wished)
    {
        var kept = archive.ReadKept();
        if (wished is not null)
        {
            var height = HeightOf(wished, genesis);
            return height <= head && height.Next >= kept.Blocks
                ? new(kept, height, wished)
                : throw new SnapshotException(
                    $"the snapshot {wished} is of block {height}; to execute this folder's blocks "
                    + $"{kept.Blocks} to {head} takes one of block "
                    + $"{(kept.Blocks == Height.Genesis ? kept.Blocks : kept.Blocks.Previous)} or above");
        }

        if (kept == KeptHeights.All)
        {
            return new(kept, null, null);
        }

        foreach (var path in archive.SnapshotPaths())
        {
            if (TryHeightOf(path, genesis) is { } height && height.Next >= kept.Blocks && height < head)
            {
                return new(kept, height, path);
            }
        }

        return new(kept, head, null);
    }

    /// <summary>The state that the snapshot proves.</summary>
    /// <exception cref="SnapshotException">It is not what its manifest names.</exception>
    public AuditState Load()
    {
        using var file = SnapshotFile.Open(Snapshot!);
        var manifest = file.Manifest;
        AuditState state = new();
        foreach (
            var change in manifest.Finality.Changes.Where(change => change.Header.Height <= manifest.Height))
        {
            state.Remember(change.Header);
        }

        for (var i = 0; i < manifest.ChunkCount; i++)
        {
            var bytes = file.ReadChunk(i);
            if (manifest.FaultIn(i, bytes) is { } fault)
            {
                throw new SnapshotException(
                    $"the snapshot {Snapshot} is not the state of this chain: chunk {i}: {fault}");
            }

            if (i < manifest.History.Count)
            {
                Invariant.Holds(
                    HistoryChunk.TryDecode(bytes, out var history, out _), "a chunk without a fault decodes");
                state.Remember(history!.Blocks.SelectMany(block => block.Receipts)
                    .Select(receipt => receipt.Transaction));
            }
            else
            {
                var part = manifest.State[i - manifest.History.Count];
                Invariant.Holds(
                    StateChunk.TryDecode(bytes, out var chunk, out _), "a chunk without a fault decodes");
                state.Put(chunk!.Entries.Where(entry => part.Holds(StateKey.PathOf(entry.Key))));
            }
        }

        var root = state.BuildTree(manifest.Header);
        Invariant.Holds(
            root == manifest.Header.StateRoot, "chunks that each fit the state root make its state");
        return state;
    }

    private static Height HeightOf(string path, Genesis genesis)
    {
        using var file = SnapshotFile.Open(path);
        return file.Manifest.FaultIn(genesis) is { } fault
            ? throw new SnapshotException($"the snapshot {path} is not of this chain: {fault}")
            : file.Manifest.Height;
    }

    private static Height? TryHeightOf(string path, Genesis genesis)
    {
        try
        {
            return HeightOf(path, genesis);
        }
        catch (SnapshotException)
        {
            // One that is torn or lies proves nothing; there may be another.
            return null;
        }
    }
}
