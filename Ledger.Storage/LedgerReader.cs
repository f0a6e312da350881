using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>One version of a state key.</summary>
/// <param name="Height">The block that wrote it.</param>
/// <param name="Value">The encoded entry, or null where the block removed the key.</param>
public readonly record struct StateVersion(Height Height, byte[]? Value);

/// <summary>
/// Reads and decodes what lies in the column families, of now or of one moment. What cannot be decoded is
/// damage: nothing is stored here that was not checked before.
/// </summary>
internal sealed class LedgerReader(Families families, ReadOptions options)
{
    public static ReadOnlySpan<byte> HeadKey => "head"u8;

    public static ReadOnlySpan<byte> IdentityKey => "identity"u8;

    public static ReadOnlySpan<byte> JournalReachKey => "journal-reach"u8;

    /// <summary>What the keys of held evidence begin with: below the other keys of its family.</summary>
    public static ReadOnlySpan<byte> EvidencePrefix => "evidence/"u8;

    /// <summary>Which chain the store is of, or null when it is new.</summary>
    public StoreIdentity? ReadIdentity()
    {
        if (Get(IdentityKey, families.Meta) is { } value)
        {
            return StoreIdentity.Decode(value) ?? throw Damaged("the record of its chain is torn");
        }

        return Get(HeadKey, families.Meta) is null
            ? null
            : throw Damaged("the record of its chain is missing");
    }

    /// <summary>How far the journal had come at the last block, or null when none was there.</summary>
    public JournalReach? ReadJournalReach()
        => Get(JournalReachKey, families.Meta) is { } value
            ? JournalReach.Decode(value) ?? throw Damaged("the record of the journal's reach is torn")
            : null;

    /// <summary>The last final header by the head record, or null before the first block.</summary>
    public BlockHeader? ReadHead()
    {
        if (Get(HeadKey, families.Meta) is not { } value)
        {
            return null;
        }

        if (value.Length != Keys.HeightBytes + Digest.Size)
        {
            throw Damaged("the head record is torn");
        }

        var header = ReadHeader(Keys.ReadHeight(value)) ?? throw Damaged("the head's header is missing");
        return header.ComputeHash() == new Digest(value.AsSpan(Keys.HeightBytes))
            ? header
            : throw Damaged($"the header at height {header.Height} is not the one that the head names");
    }

    /// <summary>
    /// From which heights on the store has what; all from the genesis on unless it says otherwise.
    /// </summary>
    public KeptHeights ReadKept()
    {
        if (Get(KeptHeights.Key, families.Meta) is not { } value)
        {
            return KeptHeights.All;
        }

        return KeptHeights.Decode(value) ?? throw Damaged("the record of what it keeps is torn");
    }

    public byte[]? ReadBlockBytes(Height height) => Get(Keys.Of(height), families.Blocks);

    public Block? ReadBlock(Height height)
    {
        if (ReadBlockBytes(height) is not { } encoded)
        {
            return null;
        }

        return BlockCodec.TryDecode(encoded, out var block, out var fault)
            ? block
            : throw Damaged($"block {height} cannot be decoded: {fault}");
    }

    public (BlockHeader Header, int Transactions)? ReadOutline(Height height)
    {
        if (ReadBlockBytes(height) is not { } encoded)
        {
            return null;
        }

        return BlockCodec.TryReadOutline(encoded, out var outline, out var fault)
            ? outline
            : throw Damaged($"block {height} cannot be decoded: {fault}");
    }

    public BlockHeader? ReadHeader(Height height)
    {
        if (Get(Keys.Of(height), families.Headers) is not { } encoded)
        {
            return null;
        }

        return Canonical.TryDecode(
                encoded, HeaderCodec.Read, HeaderCodec.Write, out var header, out var fault)
            ? header
            : throw Damaged($"header {height} cannot be decoded: {fault}");
    }

    public Height? FindBlock(Digest hash)
        => Get(Keys.Of(hash), families.BlockHeights) is { Length: Keys.HeightBytes } value
            ? Keys.ReadHeight(value)
            : null;

    public QuorumCertificate? ReadCertificate(Height height)
    {
        if (Get(Keys.Of(height), families.Certificates) is not { } encoded)
        {
            return null;
        }

        return CertificateCodec.TryDecode(encoded, out var certificate, out var fault)
            ? certificate
            : throw Damaged($"certificate {height} cannot be decoded: {fault}");
    }

    public bool HoldsTransaction(Digest hash) => Get(Keys.Of(hash), families.Transactions) is not null;

    public (Height Height, int Index)? FindTransaction(Digest hash)
    {
        if (Get(Keys.Of(hash), families.Transactions) is not { } value)
        {
            return null;
        }

        return TransactionPlace.Decode(value) ?? throw Damaged($"the place of transaction {hash} is torn");
    }

    public IReadOnlyList<Receipt>? ReadReceipts(Height height)
    {
        if (Get(Keys.Of(height), families.Receipts) is not { } encoded)
        {
            return null;
        }

        return ReceiptCodec.TryDecodeAll(encoded, out var receipts, out var fault)
            ? receipts
            : throw Damaged($"the receipts of block {height} cannot be decoded: {fault}");
    }

    public Receipt? ReadReceipt(Height height, int index)
        => ReadReceipts(height) is { } receipts && index >= 0 && index < receipts.Count
            ? receipts[index]
            : null;

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey) => Get(stateKey, families.State);

    public bool TryReadPage(ReadOnlySpan<byte> pageKey, out byte[] page)
    {
        page = Get(pageKey, families.StateTree) ?? [];
        return page.Length > 0;
    }

    /// <summary>Every present key that begins with <paramref name="prefix"/>, ascending.</summary>
    public IEnumerable<KeyValuePair<byte[], byte[]>> ReadStateRange(byte[] prefix)
        => Range(families.State, prefix);

    /// <summary>The evidence that is held here until the ledger has it.</summary>
    public IReadOnlyList<Evidence> ReadEvidence()
    {
        List<Evidence> held = [];
        foreach (var (key, value) in Range(families.Meta, EvidencePrefix.ToArray()))
        {
            held.Add(Evidence.TryDecode(value, out var evidence, out var fault)
                ? evidence
                : throw Damaged(
                    $"the evidence at {Convert.ToHexStringLower(key)} cannot be decoded: {fault}"));
        }

        return held;
    }

    /// <summary>Every namespace that has a key, ascending: one seek each, however many keys it has.</summary>
    public IReadOnlyList<string> ReadNamespaces()
    {
        List<string> namespaces = [];
        using var iterator = families.Database.NewIterator(families.State, options);
        for (iterator.Seek(StateKey.Entries.ToArray()); iterator.Valid(); iterator.Seek(
            BehindNamespace(namespaces[^1])))
        {
            var key = iterator.Key();
            if (!key.AsSpan().StartsWith(StateKey.Entries))
            {
                return namespaces;
            }

            namespaces.Add(StateKey.ParseEntry(key).Namespace);
        }

        throw Damaged("a range of keys ended before its end was met");
    }

    /// <summary>The versions of one state key, newest first.</summary>
    public IReadOnlyList<StateVersion> ReadHistory(ReadOnlySpan<byte> stateKey, int limit, long bytesMax)
    {
        var prefix = Keys.HistoryPrefix(stateKey);
        var versions = new List<StateVersion>();
        foreach (var (key, value) in Range(families.History, prefix).Take(limit))
        {
            bytesMax -= value.Length;
            if (bytesMax < 0 && versions.Count > 0)
            {
                break;
            }

            versions.Add(new(Keys.HeightOfHistory(key), HistoryValue.Decode(value)));
        }

        return versions;
    }

    /// <summary>
    /// The iterator's own API does not tell its end from a failed read, which would look like fewer keys. So
    /// every family that is iterated ends with a key of ours: an iteration that meets neither it nor a key
    /// behind the range has failed.
    /// </summary>
    private IEnumerable<KeyValuePair<byte[], byte[]>> Range(ColumnFamilyHandle family, byte[] prefix)
    {
        using var iterator = families.Database.NewIterator(family, options);
        for (iterator.Seek(prefix); iterator.Valid(); iterator.Next())
        {
            var key = iterator.Key();
            if (!key.AsSpan().StartsWith(prefix) || key.AsSpan().SequenceEqual(Keys.End))
            {
                yield break;
            }

            yield return new(key, iterator.Value());
        }

        throw Damaged("a range of keys ended before its end was met");
    }

    /// <summary>Above all keys of a namespace and below those of the next: 1 where they have a NUL.</summary>
    private static byte[] BehindNamespace(string name)
    {
        var prefix = StateKey.ForNamespace(name);
        prefix[^1] = 1;
        return prefix;
    }

    private byte[]? Get(ReadOnlySpan<byte> key, ColumnFamilyHandle family)
    {
        try
        {
            return families.Database.Get(key, family, options);
        }
        catch (RocksDbSharpException failure)
        {
            throw Damaged($"it cannot be read ({failure.Message})", failure);
        }
    }

    public DamagedDataException Damaged(string what, Exception? cause = null) => families.Report(what, cause);
}
