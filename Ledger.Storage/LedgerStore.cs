using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// The final chain and its state, in RocksDB. One caller appends; any number read, from any thread. A block
/// is visible as <see cref="Head"/> only after the disk has all of it.
/// </summary>
public sealed class LedgerStore : ILedgerStore, IDisposable
{
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly Lock _writing = new();
    private readonly string _folder;
    private readonly string _chainId;
    private readonly Families _families;
    private readonly SharedDatabase _database;
    private readonly LedgerReader _reader;
    private volatile ChainHead? _head;
    private ConsensusJournal? _journal;
    private Exception? _failure;

    private LedgerStore(string folder, string chainId, Families families)
    {
        _folder = folder;
        _chainId = chainId;
        _families = families;
        _database = new(families.Database);
        _reader = new(families, new ReadOptions());
    }

    public BlockHeader? Head => _head?.Header;

    /// <summary>The head's hash, kept so that nobody computes it again.</summary>
    public Digest? HeadHash => _head?.Hash;

    /// <summary>From which heights on it has headers, receipts and bodies.</summary>
    public KeptHeights Kept { get; private set; } = KeptHeights.All;

    /// <summary>
    /// Fails with the first damage that any read meets, of the store or of a snapshot. Whoever runs on this
    /// store must stop then: nobody knows what else is damaged.
    /// </summary>
    public Task Damage => _families.Damage;

    /// <summary>Whether the data folder has a store, whole or not.</summary>
    public static bool IsIn(string dataFolder)
        => Directory.Exists(Path.Combine(dataFolder, DataFolder.LedgerName));

    /// <summary>Opens or creates the store inside the data folder.</summary>
    /// <exception cref="DataFolderException">Of another chain, in use, not writable or full.</exception>
    /// <exception cref="DamagedDataException">RocksDB or we find that it is not what was written.</exception>
    public static LedgerStore Open(
        string dataFolder, Digest genesisHash, string chainId, StorageOptions options)
    {
        var folder = Path.Combine(Path.GetFullPath(dataFolder), DataFolder.LedgerName);
        var store = new LedgerStore(folder, chainId, Families.Open(folder, options));
        try
        {
            store.Identify(new(genesisHash, chainId));
            store.Kept = store._reader.ReadKept();
            store._head = store._reader.ReadHead() is { } header ? new(header, header.ComputeHash()) : null;
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Compares the journal with what the ledger remembers of it, and remembers with each block from now on
    /// how far it has come.
    /// </summary>
    /// <exception cref="DamagedDataException">The journal has lost records that were there
    /// before.</exception>
    public void Accompany(ConsensusJournal journal)
    {
        lock (_writing)
        {
            using var lease = _database.Use();
            // A silent journal keeps no record, so a ledger that was restored may remember more of the lost
            // one.
            if (journal.IsNew || journal.IsSilent || journal.IsVouchedFor)
            {
                using var batch = new WriteBatch();
                PutReach(batch, journal);
                Write(batch);
            }
            else if (_reader.ReadJournalReach() is { } seen)
            {
                journal.MustReach(seen);
            }

            // Only now: after a crash in between, the journal would be found to have less than the ledger
            // remembers.
            journal.UseUpWaiver();
            _journal = journal;
        }
    }

    public void Append(IReadOnlyList<FinalBlock> blocks)
    {
        lock (_writing)
        {
            ThrowIfFailed();
            using var lease = _database.Use();
            using var batch = new WriteBatch();
            var head = _head;
            foreach (var final in blocks)
            {
                MustFollow(final, head);
                BlockBatch.Put(batch, _families, final);
                head = new(final.Block.Header, final.Block.Hash);
            }

            if (blocks.Count > 0)
            {
                if (_journal is { } journal)
                {
                    PutReach(batch, journal);
                }

                Write(batch);
                _head = head;
            }
        }
    }

    /// <summary>Holds evidence until the ledger has it. Returns after the disk has it.</summary>
    public void HoldEvidence(Evidence evidence)
        => ChangeMeta(batch => batch.Put(EvidenceKey(evidence), evidence.Encode(), _families.Meta));

    /// <summary>Lets go of evidence that the ledger has, or that is too old for it.</summary>
    public void DropEvidence(IReadOnlyList<Evidence> evidence) => ChangeMeta(batch =>
    {
        foreach (var gone in evidence)
        {
            batch.Delete(EvidenceKey(gone), _families.Meta);
        }
    });

    /// <summary>The evidence that is held here and not yet on the ledger.</summary>
    public IReadOnlyList<Evidence> ReadEvidence()
    {
        using var lease = _database.Use();
        return _reader.ReadEvidence();
    }

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey)
    {
        using var lease = _database.Use();
        return _reader.ReadState(stateKey);
    }

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
    {
        using var lease = _database.Use();
        return _reader.TryReadPage(pageKey, out page);
    }

    public bool HoldsTransaction(Digest hash)
    {
        using var lease = _database.Use();
        return _reader.HoldsTransaction(hash);
    }

    public Block? ReadBlock(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadBlock(height);
    }

    /// <summary>The block's canonical encoding, to send as it is.</summary>
    public byte[]? ReadBlockBytes(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadBlockBytes(height);
    }

    /// <summary>The block's header and how many transactions it has, at a fraction of reading it.</summary>
    public (BlockHeader Header, int Transactions)? ReadOutline(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadOutline(height);
    }

    public BlockHeader? ReadHeader(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadHeader(height);
    }

    public Height? FindBlock(Digest hash)
    {
        using var lease = _database.Use();
        return _reader.FindBlock(hash);
    }

    /// <summary>The block's own commit certificate; null where a descendant's made it final.</summary>
    public QuorumCertificate? ReadCertificate(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadCertificate(height);
    }

    public (Height Height, int Index)? FindTransaction(Digest hash)
    {
        using var lease = _database.Use();
        return _reader.FindTransaction(hash);
    }

    public Receipt? ReadReceipt(Height height, int index)
    {
        using var lease = _database.Use();
        return _reader.ReadReceipt(height, index);
    }

    /// <summary>The receipts of all of a block's transactions, in order.</summary>
    public IReadOnlyList<Receipt>? ReadReceipts(Height height)
    {
        using var lease = _database.Use();
        return _reader.ReadReceipts(height);
    }

    /// <summary>The versions of one state key, newest first.</summary>
    /// <param name="stateKey">The key.</param>
    /// <param name="limit">Of versions.</param>
    /// <param name="bytesMax">Of all that follow the newest one, which is always among them.</param>
    public IReadOnlyList<StateVersion> ReadHistory(
        ReadOnlySpan<byte> stateKey, int limit, long bytesMax = long.MaxValue)
    {
        using var lease = _database.Use();
        return _reader.ReadHistory(stateKey, limit, bytesMax);
    }

    /// <summary>
    /// Every present state key that begins with <paramref name="prefix"/>, ascending, of one moment.
    /// </summary>
    public IEnumerable<KeyValuePair<byte[], byte[]>> ReadStateRange(byte[] prefix)
    {
        using var lease = _database.Use();
        foreach (var entry in _reader.ReadStateRange(prefix))
        {
            yield return entry;
        }
    }

    /// <summary>
    /// Hashes of the last blocks, ascending, the head last; at most <paramref name="count"/>.
    /// </summary>
    public IReadOnlyList<Digest> RecentHashes(int count)
    {
        using var lease = _database.Use();
        if (_head is not { } head)
        {
            return [];
        }

        var hashes = new Digest[Math.Min((ulong)count, head.Header.Height.Value - Kept.Headers.Value + 1)];
        var (hash, header) = (head.Hash, head.Header);
        for (var i = hashes.Length - 1; i >= 0; i--)
        {
            hashes[i] = hash;
            if (i > 0)
            {
                var below = header.Height.Previous;
                hash = header.Parent;
                header = _reader.ReadHeader(below) ?? throw _reader.Damaged($"header {below} is missing");
            }
        }

        return hashes;
    }

    /// <summary>
    /// The ledger as it is now, whatever is appended while the snapshot is held. Dispose it soon.
    /// </summary>
    public LedgerSnapshot Snapshot()
    {
        var lease = _database.Use();
        try
        {
            return new(lease, _families);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Lets bodies below a height go, and receipts and places of transactions as far as no transaction in
    /// them can still be valid; headers and certificates stay. Returns when the disk has the space back.
    /// Appends may go on meanwhile.
    /// </summary>
    public void Prune(Height below)
    {
        using var lease = _database.Use();
        var head = Head ?? throw new InvalidOperationException("An empty store has nothing to prune.");
        Pruning pruning = new(_families, _reader, head, Kept);
        pruning.Run(below, kept => Kept = kept);
    }

    /// <summary>
    /// All of it as it is now in a folder beside, by hard links: at once, while appends go on.
    /// </summary>
    /// <param name="folder">Must not exist, and lie on the same disk.</param>
    public void Checkpoint(string folder)
    {
        using var lease = _database.Use();
        using var checkpoint = _families.Database.Checkpoint();
        checkpoint.Save(folder);
    }

    /// <summary>Bytes on disk and in write buffers, by column family.</summary>
    public IReadOnlyDictionary<string, long> SizeByFamily()
    {
        using var lease = _database.Use();
        return _families.ByName.ToDictionary(
            family => family.Key,
            family => Property("rocksdb.total-sst-files-size", family.Value)
                + Property("rocksdb.cur-size-all-mem-tables", family.Value));
    }

    /// <summary>Closes the database once the last read and snapshot have left it.</summary>
    public void Dispose() => _database.Dispose();

    private void Identify(StoreIdentity expected)
    {
        if (_reader.ReadIdentity() is { } found)
        {
            if (found != expected)
            {
                throw new DataFolderException(
                    $"The ledger in {_folder} is of chain {found.ChainId} with genesis {found.GenesisHash}, "
                    + $"expected is chain {expected.ChainId} with genesis {expected.GenesisHash}; "
                    + "use the data folder of this chain");
            }

            return;
        }

        using var batch = new WriteBatch();
        batch.Put(LedgerReader.IdentityKey, expected.Encode(), _families.Meta);
        batch.Put(Keys.End, Array.Empty<byte>(), _families.State);
        batch.Put(Keys.End, Array.Empty<byte>(), _families.History);
        Write(batch);
    }

    private void PutReach(WriteBatch batch, ConsensusJournal journal)
        => batch.Put(LedgerReader.JournalReachKey, journal.Reach.Encode(), _families.Meta);

    private static byte[] EvidenceKey(Evidence evidence)
        => [.. LedgerReader.EvidencePrefix, .. StateKey.ForOffence(evidence.Offence)];

    private void ChangeMeta(Action<WriteBatch> change)
    {
        lock (_writing)
        {
            ThrowIfFailed();
            using var lease = _database.Use();
            using var batch = new WriteBatch();
            change(batch);
            Write(batch);
        }
    }

    private void MustFollow(FinalBlock final, ChainHead? head)
    {
        var block = final.Block;
        Invariant.Holds(block.Header.ChainId == _chainId, "a final block is of the store's chain");
        Invariant.Holds(final.Receipts.Count == block.Transactions.Count, "each transaction has one receipt");
        Invariant.Holds(
            head is null ? block.Height == Height.Genesis : block.Height == head.Header.Height.Next,
            "final blocks are appended in height order");
        Invariant.Holds(head is null || block.Parent == head.Hash, "a final block's parent is the head");
    }

    private void Write(WriteBatch batch)
    {
        try
        {
            _families.Database.Write(batch, _synced);
        }
        catch (RocksDbSharpException failure)
        {
            // Never retried: the kernel may already have dropped the pages that it could not write.
            _failure = failure;
            throw Failed();
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw Failed();
        }
    }

    private StorageFailedException Failed()
        => new($"The ledger in {_folder} could not be written ({_failure?.Message}); the node must stop. "
            + "Mend the disk, then start it again", _failure);

    private long Property(string name, ColumnFamilyHandle family)
        => long.TryParse(
            _families.Database.GetProperty(name, family),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var bytes)
            ? bytes
            : 0;

    /// <summary>The header and its hash, published together.</summary>
    private sealed record ChainHead(BlockHeader Header, Digest Hash);
}
