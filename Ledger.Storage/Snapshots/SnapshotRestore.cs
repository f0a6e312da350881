using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// Builds a ledger from a snapshot's chunks, in any order, beside the folder that a node reads: what is
/// unfinished is never taken for a ledger. Chunks are checked and made ready by any number of threads, and
/// kept by one at a time: each is written with the note that it is there, so that it goes on after a crash
/// where it was. The places of transactions, whose keys are random and many, go into tables of their own, a
/// run of chunks at a time and before their notes.
/// </summary>
public sealed class SnapshotRestore : IDisposable
{
    /// <summary>Places of transactions in one table: 14 MB, and what a crash can cost.</summary>
    private const int PlacesInTable = 320_000;

    /// <summary>How rows and notes are laid out; what another layout left is not gone on with.</summary>
    private const byte Layout = 2;

    private readonly string _root;
    private readonly Genesis _genesis;
    private readonly Families _families;
    private readonly PlaceTables _tables;
    private readonly bool[] _isDone;
    private readonly Lock _keeping = new();

    /// <summary>Chunks of history whose places are not in a table yet.</summary>
    private readonly List<PreparedChunk> _waiting = [];
    private int _placesWaiting;
    private int _historyLeft;
    private bool _failed;
    private bool _closed;

    private SnapshotRestore(string root, Genesis genesis, SnapshotManifest manifest, Families families)
    {
        _root = root;
        _genesis = genesis;
        Manifest = manifest;
        _families = families;
        _isDone = new bool[manifest.ChunkCount];
        _historyLeft = manifest.History.Count;
        _tables = new(families);
    }

    public SnapshotManifest Manifest { get; }

    public int DoneCount { get; private set; }

    private static ReadOnlySpan<byte> ManifestKey => "restored-manifest"u8;

    /// <summary>
    /// Begins, or goes on with what is left of an earlier try of the same snapshot; another one's is removed.
    /// </summary>
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

    /// <summary>
    /// Checks a chunk against the manifest and makes ready what it leaves on the disk. Any number of threads
    /// may.
    /// </summary>
    /// <param name="index">Its number.</param>
    /// <param name="bytes">As it was sent.</param>
    /// <param name="fault">Why the chunk is refused, or null.</param>
    public PreparedChunk? Prepare(int index, ReadOnlyMemory<byte> bytes, out string? fault)
    {
        if (index < Manifest.History.Count)
        {
            fault = Manifest.FaultIn(index, bytes, out HistoryChunk? history);
            return fault is null ? PreparedChunk.OfHistory(index, NoteKey(index), history!, _families) : null;
        }

        fault = Manifest.FaultIn(index, bytes, out var state, out var leaves);
        return fault is null
            ? PreparedChunk.OfState(
                index, NoteKey(index), Manifest.State[index - Manifest.History.Count], state!, leaves,
                _families)
            : null;
    }

    /// <summary>Writes a chunk and the note that it is there.</summary>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public void Keep(PreparedChunk chunk)
    {
        lock (_keeping)
        {
            if (_isDone[chunk.Index])
            {
                chunk.Dispose();
                return;
            }

            _isDone[chunk.Index] = true;
            DoneCount++;
            if (chunk.Index < Manifest.History.Count)
            {
                _waiting.Add(chunk);
                _placesWaiting += chunk.Places.Count;
                _historyLeft--;
            }
            else
            {
                using (chunk)
                {
                    Write(chunk.Batch, isSynced: false);
                }
            }

            if (_placesWaiting >= PlacesInTable || _historyLeft == 0)
            {
                WriteWaiting();
            }
        }
    }

    /// <summary>Checks a chunk against the manifest and keeps it.</summary>
    /// <returns>Why the chunk is refused, or null.</returns>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public string? Accept(int index, ReadOnlyMemory<byte> bytes)
    {
        if (_isDone[index])
        {
            return null;
        }

        if (Prepare(index, bytes, out var fault) is { } prepared)
        {
            Keep(prepared);
        }

        return fault;
    }

    /// <summary>Reads, checks and keeps all chunks that are not there yet, on all cores.</summary>
    /// <param name="read">Gives a chunk; from any thread.</param>
    /// <param name="refused">Told a chunk that has a fault: what it throws ends the restore.</param>
    /// <param name="kept">Called after each chunk, from any thread.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public void AcceptAll(
        Func<int, byte[]> read, Action<int, string> refused, Action kept, CancellationToken cancellationToken)
    {
        ParallelOptions onAllCores = new()
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount,
            CancellationToken = cancellationToken,
        };
        try
        {
            Parallel.For(0, Manifest.ChunkCount, onAllCores, index =>
            {
                if (!_isDone[index] && Accept(index, read(index)) is { } fault)
                {
                    refused(index, fault);
                }

                kept();
            });
        }
        catch (AggregateException failures)
        {
            // One says what is wrong; the others are of chunks that were under way at the same time.
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    /// <summary>With all chunks there: closes it as a whole ledger, and puts it where a node reads.</summary>
    /// <exception cref="SnapshotException">The disk does not take it.</exception>
    public void Finish()
    {
        Invariant.Holds(DoneCount == _isDone.Length, "a snapshot is finished with all of its chunks");
        Invariant.Holds(_waiting.Count == 0, "with its last chunk all of the history is on the disk");
        using (var batch = new WriteBatch())
        {
            var head = Manifest.Header;
            var lowest = Manifest.History[0].From;
            var hash = head.ComputeHash();
            batch.Put(LedgerReader.IdentityKey, new StoreIdentity(_genesis.Hash, _genesis.ChainId)
                .Encode(), _families.Meta);
            batch.Put(
                KeptHeights.Key, new KeptHeights(lowest, lowest, head.Height.Next).Encode(), _families.Meta);
            batch.Put(LedgerReader.HeadKey, [.. Keys.Of(head.Height), .. Keys.Of(hash)], _families.Meta);
            batch.Put(Keys.End, Array.Empty<byte>(), _families.State);
            batch.Put(Keys.End, Array.Empty<byte>(), _families.History);
            if (Manifest.Finality.Path.Count == 0)
            {
                PutCertificate(batch, head, Manifest.Finality.View, Manifest.Finality.Signers);
            }

            PutEpochs(batch);
            PutUpperPages(batch);
            batch.Delete(ManifestKey, _families.Meta);
            for (var i = 0; i < _isDone.Length; i++)
            {
                batch.Delete(NoteKey(i), _families.Meta);
            }

            Write(batch, isSynced: true);
        }

        Dispose();
        _tables.Remove();
        IncomingLedger.PutInPlace(_root);
    }

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        try
        {
            if (!_failed)
            {
                WriteWaiting();
            }
        }
        catch (SnapshotException)
        {
            // These chunks have no note: they are brought again.
        }
        finally
        {
            _waiting.ForEach(chunk => chunk.Dispose());
            _families.Database.Dispose();
        }
    }

    private static SnapshotRestore Open(
        string root, string folder, Genesis genesis, SnapshotManifest manifest)
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
        byte[] content = [Layout, .. Keys.Of(Manifest.ContentHash())];
        if (Get(ManifestKey) is { } held)
        {
            for (var i = 0; i < _isDone.Length; i++)
            {
                _isDone[i] = Get(NoteKey(i)) is not null;
                DoneCount += _isDone[i] ? 1 : 0;
                _historyLeft -= _isDone[i] && i < Manifest.History.Count ? 1 : 0;
            }

            return held.AsSpan().SequenceEqual(content);
        }

        using var batch = new WriteBatch();
        batch.Put(ManifestKey, content, _families.Meta);
        Write(batch, isSynced: true);
        return true;
    }

    private void PutCertificate(
        WriteBatch batch, BlockHeader header, View view, IReadOnlyList<Signer> signers)
    {
        Subject subject = new(view, header.Height, header.ComputeHash());
        QuorumCertificate certificate = new(StatementKind.Commit, subject, signers);
        batch.Put(Keys.Of(header.Height), CertificateCodec.Encode(certificate), _families.Certificates);
    }

    /// <summary>The pages above the parts: each note says what its part is to them.</summary>
    private void PutUpperPages(WriteBatch batch)
    {
        var notes = Manifest.State.Select(
            (part, i) => (part.Nibbles, Get(NoteKey(Manifest.History.Count + i))!));
        var (root, pages) = StateSubtree.Join([.. notes]);
        Invariant.Holds(
            root == Manifest.Header.StateRoot, "chunks that each fit the state root make its state");
        foreach (var page in pages)
        {
            batch.Put(page.Key, page.Bytes!, _families.StateTree);
        }
    }

    /// <summary>The places of the chunks that wait, and only then the chunks with their notes.</summary>
    private void WriteWaiting()
    {
        if (_placesWaiting > 0)
        {
            var places = _waiting.SelectMany(chunk => chunk.Places).ToArray();
            Guarded(() => _tables.TakeIn(places));
        }

        foreach (var chunk in _waiting)
        {
            Write(chunk.Batch, isSynced: false);
            chunk.Dispose();
        }

        _waiting.Clear();
        _placesWaiting = 0;
    }

    /// <summary>
    /// The blocks that changed the validators may lie far below the history; proofs and snapshots of this
    /// ledger need their headers and certificates all the same, which the manifest has shown to be good.
    /// </summary>
    private void PutEpochs(WriteBatch batch)
    {
        var head = Manifest.Height;
        foreach (var (header, view, signers, _) in Manifest.Finality.Changes.Where(
            change => change.Header.Height <= head))
        {
            var height = Keys.Of(header.Height);
            var hash = header.ComputeHash();
            QuorumCertificate certificate = new(
                StatementKind.Commit, new(view, header.Height, hash), signers);
            batch.Put(height, Canonical.Encode(header, HeaderCodec.Write), _families.Headers);
            batch.Put(Keys.Of(hash), height, _families.BlockHeights);
            batch.Put(height, CertificateCodec.Encode(certificate), _families.Certificates);
        }

        var changes =
            ValidatorHistory.Read(_genesis, key => _families.Database.Get(key, _families.State)).Changes;
        foreach (var height in changes.Where(height => height != head || Manifest.Finality.Path.Count > 0))
        {
            if (!Manifest.Finality.Changes.Any(change => change.Header.Height == height))
            {
                throw new SnapshotException(
                    $"the snapshot does not show who changed the validators at height {height}: take "
                    + "another one");
            }
        }
    }

    private void Write(WriteBatch batch, bool isSynced)
        => Guarded(() => _families.Database.Write(batch, new WriteOptions().SetSync(isSynced)));

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (failure is RocksDbSharpException or IOException)
        {
            _failed = true;
            throw new SnapshotException(
                $"the snapshot cannot be written into {_root} ({failure.Message}); mend the disk and do it "
                + "again: it goes on where it was", failure);
        }
    }

    private byte[]? Get(ReadOnlySpan<byte> key) => _families.Database.Get(key, _families.Meta);

    private static byte[] NoteKey(int index)
    {
        var key = new byte[sizeof(byte) + sizeof(int)];
        key[0] = (byte)'#';
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), index);
        return key;
    }
}
