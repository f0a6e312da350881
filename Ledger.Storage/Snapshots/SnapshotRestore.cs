using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Builds a ledger from a snapshot's chunks, in any order, beside the folder that a node reads: what is unfinished is
/// never taken for a ledger. Each chunk is checked and written with the note that it is there, in one batch, so that it
/// goes on after a crash where it was. One caller at a time.
/// </summary>
public sealed class SnapshotRestore : IDisposable
{
    private static readonly byte[] Present = [1];

    private readonly string _root;
    private readonly Genesis _genesis;
    private readonly Families _families;
    private readonly LedgerReader _reader;
    private readonly bool[] _isDone;
    private StateTree _tree;

    /// <summary>The tree after the batch under way; it counts once the batch is written.</summary>
    private StateTree? _pending;

    private bool _closed;

    private SnapshotRestore(string root, Genesis genesis, SnapshotManifest manifest, Families families)
    {
        _root = root;
        _genesis = genesis;
        Manifest = manifest;
        _families = families;
        _reader = new(families, new ReadOptions());
        _isDone = new bool[manifest.ChunkCount];
        _tree = StateTree.Open(new Pages(_reader), ReadTreeRoot());
    }

    public SnapshotManifest Manifest { get; }

    public int DoneCount { get; private set; }

    private static ReadOnlySpan<byte> ManifestKey => "restored-manifest"u8;

    private static ReadOnlySpan<byte> TreeKey => "restored-tree"u8;

    /// <summary>Begins, or goes on with what is left of an earlier try of the same snapshot; another one's is removed.</summary>
    /// <param name="root">The data folder, which the caller holds.</param>
    /// <param name="genesis">The chain.</param>
    /// <param name="manifest">Checked by the caller.</param>
    /// <exception cref="DataFolderException">The disk is full or cannot be written.</exception>
    public static SnapshotRestore Begin(string root, Genesis genesis, SnapshotManifest manifest)
    {
        var folder = Path.Combine(root, DataFolder.IncomingName);
        var restore = Open(root, folder, genesis, manifest);
        if (restore.IsOfThis())
        {
            return restore;
        }

        restore.Dispose();
        Directory.Delete(folder, recursive: true);
        restore = Open(root, folder, genesis, manifest);
        _ = restore.IsOfThis();
        return restore;
    }

    public bool IsDone(int chunk) => _isDone[chunk];

    /// <summary>Checks a chunk against the manifest and keeps it.</summary>
    /// <returns>Why the chunk is refused, or null.</returns>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public string? Accept(int index, ReadOnlyMemory<byte> bytes)
    {
        if (_isDone[index])
        {
            return null;
        }

        if (Manifest.FaultIn(index, bytes) is { } fault)
        {
            return fault;
        }

        Keep(index, bytes);
        return null;
    }

    /// <summary>Keeps a chunk that the manifest has no fault to find in.</summary>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public void Keep(int index, ReadOnlyMemory<byte> bytes)
    {
        if (_isDone[index])
        {
            return;
        }

        using var batch = new WriteBatch();
        if (index < Manifest.History.Count)
        {
            PutHistory(batch, bytes);
        }
        else
        {
            PutState(batch, Manifest.State[index - Manifest.History.Count], bytes);
        }

        batch.Put(ChunkKey(index), Present, _families.Meta);
        Write(batch, isSynced: false);
        _isDone[index] = true;
        DoneCount++;
    }

    /// <summary>With all chunks there: closes it as a whole ledger, and puts it where a node reads.</summary>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public void Finish()
    {
        Invariant.Holds(DoneCount == _isDone.Length, "a snapshot is finished with all of its chunks");
        Invariant.Holds(_tree.Root == Manifest.Header.StateRoot, "chunks that each fit the state root make its state");
        using (var batch = new WriteBatch())
        {
            var head = Manifest.Header;
            var lowest = Manifest.History[0].From;
            var hash = head.ComputeHash();
            batch.Put(LedgerReader.IdentityKey, new StoreIdentity(_genesis.Hash, _genesis.ChainId).Encode(), _families.Meta);
            batch.Put(KeptHeights.Key, new KeptHeights(lowest, lowest, head.Height.Next).Encode(), _families.Meta);
            batch.Put(LedgerReader.HeadKey, [.. Keys.Of(head.Height), .. Keys.Of(hash)], _families.Meta);
            batch.Put(Keys.End, Array.Empty<byte>(), _families.State);
            batch.Put(Keys.End, Array.Empty<byte>(), _families.History);
            if (Manifest.Finality.Path.Count == 0)
            {
                PutCertificate(batch, head, Manifest.Finality.View, Manifest.Finality.Signers);
            }

            // However old: they show who the validators are, and a machine opens on the last of them.
            foreach (var change in Manifest.Finality.Changes.Where(change => change.Header.Height <= head.Height))
            {
                var at = Keys.Of(change.Header.Height);
                batch.Put(at, Canonical.Encode(change.Header, HeaderCodec.Write), _families.Headers);
                batch.Put(Keys.Of(change.Header.ComputeHash()), at, _families.BlockHeights);
                PutCertificate(batch, change.Header, change.View, change.Signers);
            }

            PutEpochs(batch);
            batch.Delete(ManifestKey, _families.Meta);
            batch.Delete(TreeKey, _families.Meta);
            for (var i = 0; i < _isDone.Length; i++)
            {
                batch.Delete(ChunkKey(i), _families.Meta);
            }

            Write(batch, isSynced: true);
        }

        Dispose();
        IncomingLedger.PutInPlace(_root);
    }

    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _families.Database.Dispose();
        }
    }

    private static SnapshotRestore Open(string root, string folder, Genesis genesis, SnapshotManifest manifest)
    {
        var families = Families.Open(folder, StorageOptions.Default);
        try
        {
            return new(root, genesis, manifest, families);
        }
        catch
        {
            families.Database.Dispose();
            throw;
        }
    }

    /// <summary>Reads how far an earlier try got; false when it was of another snapshot.</summary>
    private bool IsOfThis()
    {
        var content = Keys.Of(Manifest.ContentHash());
        if (Get(ManifestKey) is { } held)
        {
            for (var i = 0; i < _isDone.Length; i++)
            {
                _isDone[i] = Get(ChunkKey(i)) is not null;
                DoneCount += _isDone[i] ? 1 : 0;
            }

            return held.AsSpan().SequenceEqual(content);
        }

        using var batch = new WriteBatch();
        batch.Put(ManifestKey, content, _families.Meta);
        Write(batch, isSynced: true);
        return true;
    }

    private void PutCertificate(WriteBatch batch, BlockHeader header, View view, IReadOnlyList<Signer> signers)
    {
        Subject subject = new(view, header.Height, header.ComputeHash());
        QuorumCertificate certificate = new(StatementKind.Commit, subject, signers);
        batch.Put(Keys.Of(header.Height), CertificateCodec.Encode(certificate), _families.Certificates);
    }

    private void PutHistory(WriteBatch batch, ReadOnlyMemory<byte> bytes)
    {
        Invariant.Holds(HistoryChunk.TryDecode(bytes, out var chunk, out _), "a chunk without a fault decodes");
        List<(byte[] Hash, byte[] Place)> places = [];
        foreach (var (header, receipts) in chunk!.Blocks)
        {
            var height = Keys.Of(header.Height);
            batch.Put(height, Canonical.Encode(header, HeaderCodec.Write), _families.Headers);
            batch.Put(Keys.Of(header.ComputeHash()), height, _families.BlockHeights);
            batch.Put(height, ReceiptCodec.EncodeAll(receipts), _families.Receipts);
            for (var i = 0; i < receipts.Count; i++)
            {
                places.Add((Keys.Of(receipts[i].Transaction), TransactionPlace.Encode(header.Height, i)));
            }
        }

        // In the order of the keys, since RocksDB then finds each one's place near the last one's.
        places.Sort(static (a, b) => a.Hash.AsSpan().SequenceCompareTo(b.Hash));
        foreach (var (hash, place) in places)
        {
            batch.Put(hash, place, _families.Transactions);
        }
    }

    private void PutState(WriteBatch batch, StatePart part, ReadOnlyMemory<byte> bytes)
    {
        Invariant.Holds(StateChunk.TryDecode(bytes, out var chunk, out _), "a chunk without a fault decodes");
        List<StateChange> changes = [];
        foreach (var (key, value) in chunk!.Entries)
        {
            var path = StateKey.PathOf(key);

            // A subtree that ends above the part may show a lone entry beside it, which its own part brings.
            if (part.Holds(path))
            {
                changes.Add(new(path, StateKey.ValueDigest(value)));
                batch.Put(key, value, _families.State);
            }
        }

        if (changes.Count == 0)
        {
            return;
        }

        var updated = _tree.Update(changes);
        foreach (var page in updated.PageWrites())
        {
            if (page.Bytes is null)
            {
                batch.Delete(page.Key, _families.StateTree);
            }
            else
            {
                batch.Put(page.Key, page.Bytes, _families.StateTree);
            }
        }

        batch.Put(TreeKey, Keys.Of(updated.Root), _families.Meta);
        _pending = updated;
    }

    /// <summary>
    /// The blocks that changed the validators may lie far below the history; proofs and snapshots of this ledger need their
    /// headers and certificates all the same, which the manifest has shown to be good.
    /// </summary>
    private void PutEpochs(WriteBatch batch)
    {
        var head = Manifest.Height;
        foreach (var (header, view, signers, _) in Manifest.Finality.Changes.Where(change => change.Header.Height <= head))
        {
            var height = Keys.Of(header.Height);
            var hash = header.ComputeHash();
            QuorumCertificate certificate = new(StatementKind.Commit, new(view, header.Height, hash), signers);
            batch.Put(height, Canonical.Encode(header, HeaderCodec.Write), _families.Headers);
            batch.Put(Keys.Of(hash), height, _families.BlockHeights);
            batch.Put(height, CertificateCodec.Encode(certificate), _families.Certificates);
        }

        var changes = ValidatorHistory.Read(_genesis, key => _families.Database.Get(key, _families.State)).Changes;
        foreach (var height in changes.Where(height => height != head || Manifest.Finality.Path.Count > 0))
        {
            if (!Manifest.Finality.Changes.Any(change => change.Header.Height == height))
            {
                throw new SnapshotException(
                    $"the snapshot does not show who changed the validators at height {height}: take another one");
            }
        }
    }

    private void Write(WriteBatch batch, bool isSynced)
    {
        try
        {
            _families.Database.Write(batch, new WriteOptions().SetSync(isSynced));
        }
        catch (RocksDbSharpException failure)
        {
            throw new SnapshotException(
                $"the snapshot cannot be written into {_root} ({failure.Message}); mend the disk and do it again: it goes on "
                + "where it was", failure);
        }

        if (_pending is { } updated)
        {
            updated.Unload();
            (_tree, _pending) = (updated, null);
        }
    }

    private Digest ReadTreeRoot() => Get(TreeKey) is { Length: Digest.Size } root ? new(root) : Digest.Zero;

    private byte[]? Get(ReadOnlySpan<byte> key) => _families.Database.Get(key, _families.Meta);

    private static byte[] ChunkKey(int index)
    {
        var key = new byte[sizeof(byte) + sizeof(int)];
        key[0] = (byte)'#';
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), index);
        return key;
    }

    private sealed class Pages(LedgerReader reader) : IStatePageStore
    {
        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page) => reader.TryReadPage(pageKey, out page);
    }
}
