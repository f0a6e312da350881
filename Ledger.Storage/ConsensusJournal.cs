using System.Buffers.Binary;
using System.Text;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// What this validator has promised, durable before it is said. It lies in a database of its own, bound to
/// one validator key and one chain: under another key, or with a record missing, it would let a validator
/// vote twice. One caller at a time.
/// </summary>
public sealed class ConsensusJournal : IDisposable
{
    private const string Remedy = "This validator no longer knows what it has promised and must not vote: "
        + "remove it from the network and add it again with a new key and an empty data folder";

    private const byte RecordPrefix = (byte)'r';

    private const UnixFileMode MarkPermissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly string _folder;
    private readonly PublicKey _validator;
    private readonly RocksDb _database;
    private ulong _first;
    private ulong _next;
    private Exception? _failure;
    private bool _disposed;

    private ConsensusJournal(string folder, PublicKey validator, RocksDb database)
    {
        _folder = folder;
        _validator = validator;
        _database = database;
    }

    private static ReadOnlySpan<byte> BindingKey => "binding"u8;

    private static ReadOnlySpan<byte> RangeKey => "range"u8;

    private static ReadOnlySpan<byte> SilentKey => "silent"u8;

    /// <summary>
    /// True from the making of this journal beside a ledger that had blocks already until
    /// <see cref="EndSilence"/>: the validator may have promised what no record here tells, and must say
    /// nothing that binds it.
    /// </summary>
    public bool IsSilent { get; private set; }

    /// <summary>Whether the data folder has a journal, whole or not.</summary>
    public static bool IsIn(string dataFolder)
        => Directory.Exists(Path.Combine(dataFolder, DataFolder.JournalName));

    /// <exception cref="DamagedDataException">
    /// The folder was in use before and its journal is gone. For those who keep no blocks: nothing else they
    /// have bounds what they have promised, so there is no height at which their silence could end.
    /// </exception>
    public static void MustBeIn(string dataFolder)
    {
        if (!IsIn(dataFolder))
        {
            throw new DamagedDataException(
                $"The consensus journal {Path.Combine(dataFolder, DataFolder.JournalName)} is gone. "
                + $"{Remedy}");
        }
    }

    /// <summary>
    /// Opens or creates the journal inside the data folder, and reads all of it to see that it is whole.
    /// </summary>
    /// <param name="dataFolder">The folder that the caller holds.</param>
    /// <param name="genesisHash">The chain.</param>
    /// <param name="validatorKey">Whose promises these are.</param>
    /// <param name="ledgerHasBlocks">
    /// Whether the ledger beside it goes beyond the genesis block: then a journal that is new has lost, or
    /// never had, what the validator has promised.
    /// </param>
    /// <exception cref="DataFolderException">It is of another validator or chain, or in use.</exception>
    /// <exception cref="DamagedDataException">It is gone, or a record is missing or not what was
    /// written.</exception>
    public static ConsensusJournal Open(
        string dataFolder, Digest genesisHash, PublicKey validatorKey, bool ledgerHasBlocks = false)
    {
        var root = Path.GetFullPath(dataFolder);
        var folder = Path.Combine(root, DataFolder.JournalName);
        var mark = Path.Combine(root, DataFolder.JournalMarkName);
        if (File.Exists(mark) && !Directory.Exists(folder))
        {
            throw new DamagedDataException($"The consensus journal {folder} is gone. {Remedy}");
        }

        var journal = new ConsensusJournal(folder, validatorKey, RocksFolder.Open(folder, Remedy));
        try
        {
            var isVouchedFor = SilenceWaiver.IsIn(root);
            journal.Bind(
                new(genesisHash, validatorKey), mayBeNew: !File.Exists(mark),
                ledgerHasBlocks && !isVouchedFor);
            journal.ReadAll();
            journal.IsVouchedFor = isVouchedFor && journal.Reach.Records == 0;
            Mark(mark, validatorKey);
            return journal;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            journal.Dispose();
            throw DataFolder.Unusable(root, failure);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Whether this is its first opening: there was no journal here before.</summary>
    internal bool IsNew { get; private set; }

    /// <summary>
    /// Whether the operator's word stands for all that was signed before: it holds no record, and the ledger
    /// beside it has not been told of it yet. A crash may have come between the two.
    /// </summary>
    internal bool IsVouchedFor { get; private set; }

    /// <summary>
    /// How far it has come; what was written since may be known only to this journal. Any thread may ask.
    /// </summary>
    internal JournalReach Reach => new(_validator, Volatile.Read(ref _next) - 1);

    /// <summary>Every record, in the order of writing.</summary>
    public IReadOnlyList<byte[]> ReadAll()
    {
        ThrowIfUnusable();
        ReadRange();
        var records = new List<byte[]>();
        for (var sequence = _first; sequence < _next; sequence++)
        {
            var entry = Read(KeyOf(sequence)) ?? throw Damaged($"record {sequence} is missing");
            records.Add(JournalEntry.Open(sequence, entry)
                ?? throw Damaged($"record {sequence} does not match its checksum"));
        }

        return Read(KeyOf(_next)) is null
            ? records
            : throw Damaged($"record {_next} lies beyond the journal's end");
    }

    /// <summary>Adds records with one synced write. When it throws, the journal is closed for good.</summary>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        ThrowIfUnusable();
        if (records.Count == 0)
        {
            return;
        }

        using var batch = new WriteBatch();
        Write(batch, records, _first);
    }

    /// <summary>
    /// Puts records in the place of all earlier ones, all or nothing, with one synced write.
    /// </summary>
    public void Replace(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        ThrowIfUnusable();
        using var batch = new WriteBatch();
        var (from, to) = (KeyOf(_first), KeyOf(_next));
        batch.DeleteRange(from, (ulong)from.Length, to, (ulong)to.Length);
        Write(batch, records, _next);
    }

    /// <summary>
    /// Ends the silence with the records that bind this validator from now on, in one synced write.
    /// </summary>
    public void EndSilence(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        ThrowIfUnusable();
        using var batch = new WriteBatch();
        batch.Delete(SilentKey);
        Write(batch, records, _first);
        IsSilent = false;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _database.Dispose();
        }
    }

    /// <summary>The ledger measures it from here on: the operator's word is used up.</summary>
    internal void UseUpWaiver()
    {
        IsVouchedFor = false;
        SilenceWaiver.Use(Path.GetDirectoryName(_folder)!);
    }

    /// <summary>Refuses a journal that has come less far than somebody else saw it come.</summary>
    internal void MustReach(JournalReach seen)
    {
        if (seen.Validator == _validator && seen.Records > Reach.Records)
        {
            throw Damaged(
                $"it lost its newest records: {seen.Records} had been written, {Reach.Records} are there");
        }
    }

    private void Write(WriteBatch batch, IReadOnlyList<ReadOnlyMemory<byte>> records, ulong first)
    {
        var next = _next;
        foreach (var record in records)
        {
            batch.Put(KeyOf(next), JournalEntry.Seal(next, record.Span));
            next++;
        }

        PutRange(batch, first, next);
        Write(batch);
        _first = first;
        Volatile.Write(ref _next, next);
    }

    private void Write(WriteBatch batch)
    {
        try
        {
            _database.Write(batch, _synced);
        }
        catch (RocksDbSharpException failure)
        {
            // Never retried: the kernel may already have dropped the pages that it could not write.
            _failure = failure;
            throw Failed();
        }
    }

    /// <summary>
    /// Remembers, before the first promise and beside the journal, that there is one: so a validator that has
    /// lost its promises is told from one that has made none yet.
    /// </summary>
    private static void Mark(string mark, PublicKey validatorKey)
    {
        if (!File.Exists(mark))
        {
            DurableFile.Write(
                mark, Encoding.UTF8.GetBytes($"{validatorKey}\n"), MarkPermissions, replace: true);
        }
    }

    private void Bind(JournalBinding expected, bool mayBeNew, bool isSilent)
    {
        if (Read(BindingKey) is { } held)
        {
            var found = JournalBinding.Decode(held)
                ?? throw Damaged("the record that binds it to a validator is torn");
            found.MustBe(expected, _folder);
            IsSilent = Read(SilentKey) is not null;
            return;
        }

        if (Read(RangeKey) is not null || Read(KeyOf(1)) is not null)
        {
            throw Damaged("the record that binds it to a validator is missing");
        }

        if (!mayBeNew)
        {
            throw Damaged("it is empty, though this validator has opened one before");
        }

        using var batch = new WriteBatch();
        batch.Put(BindingKey, expected.Encode());
        if (isSilent)
        {
            batch.Put(SilentKey, SilentKey);
        }

        PutRange(batch, 1, 1);
        Write(batch);
        IsSilent = isSilent;
        IsNew = true;
    }

    private void ReadRange()
    {
        var held = Read(RangeKey)
            ?? throw Damaged("the record of its first and last sequence number is missing");
        var range = JournalEntry.Open(0, held);
        if (range is not { Length: 2 * sizeof(ulong) })
        {
            throw Damaged("the record of its first and last sequence number does not match its checksum");
        }

        _first = BinaryPrimitives.ReadUInt64BigEndian(range);
        _next = BinaryPrimitives.ReadUInt64BigEndian(range.AsSpan(sizeof(ulong)));
    }

    private static void PutRange(WriteBatch batch, ulong first, ulong next)
    {
        Span<byte> range = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(range, first);
        BinaryPrimitives.WriteUInt64BigEndian(range[sizeof(ulong)..], next);
        batch.Put(RangeKey, JournalEntry.Seal(0, range));
    }

    private byte[]? Read(ReadOnlySpan<byte> key)
    {
        try
        {
            return _database.Get(key);
        }
        catch (RocksDbSharpException failure)
        {
            throw Damaged($"it cannot be read ({failure.Message})", failure);
        }
    }

    private static byte[] KeyOf(ulong sequence)
    {
        var key = new byte[1 + sizeof(ulong)];
        key[0] = RecordPrefix;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), sequence);
        return key;
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is not null)
        {
            throw Failed();
        }
    }

    private StorageFailedException Failed()
        => new($"The consensus journal {_folder} could not be written ({_failure?.Message}); "
            + "the node must stop. Mend the disk, then start it again", _failure);

    private DamagedDataException Damaged(string what, Exception? cause = null)
        => new($"The consensus journal {_folder} is damaged: {what}. {Remedy}", cause);
}
