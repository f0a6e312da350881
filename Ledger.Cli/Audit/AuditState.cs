using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Audit;

/// <summary>
/// The state as execution from genesis gives it, in memory: an audit reads nothing that it has not made
/// itself, and the audited folder only to compare.
/// </summary>
internal sealed class AuditState : ILedgerStore
{
    private readonly Dictionary<byte[], byte[]> _entries = new(BytesComparer.Instance);
    private readonly Dictionary<byte[], byte[]> _pages = new(BytesComparer.Instance);
    private readonly HashSet<Digest> _transactions = [];
    private readonly Dictionary<Height, BlockHeader> _epochEnds = [];

    public BlockHeader? Head { get; private set; }

    public IReadOnlyDictionary<byte[], byte[]> Entries => _entries;

    public IReadOnlyDictionary<byte[], byte[]> Pages => _pages;

    /// <summary>
    /// Takes entries of a state that is not executed; <see cref="BuildTree"/> tells what they are worth.
    /// </summary>
    public void Put(IEnumerable<(byte[] Key, byte[] Value)> entries)
    {
        foreach (var (key, value) in entries)
        {
            _entries[key] = value;
        }
    }

    /// <summary>Transactions of blocks that are not executed, which may not be applied again.</summary>
    public void Remember(IEnumerable<Digest> transactions) => _transactions.UnionWith(transactions);

    /// <summary>A block that changed the validators, below those that are executed.</summary>
    public void Remember(BlockHeader epochEnd) => _epochEnds[epochEnd.Height] = epochEnd;

    /// <summary>Makes the tree over the entries that were put.</summary>
    /// <param name="head">The block that they are to be the state of.</param>
    /// <returns>The root.</returns>
    public Digest BuildTree(BlockHeader head)
    {
        Head = head;
        var tree = StateTree.Empty(this).Update(
            [.. _entries.Select(
                entry => new StateChange(StateKey.PathOf(entry.Key), StateKey.ValueDigest(entry.Value)))]);
        foreach (var (key, bytes) in tree.PageWrites())
        {
            Set(_pages, key, bytes);
        }

        return tree.Root;
    }

    public void Append(IReadOnlyList<FinalBlock> blocks)
    {
        foreach (var final in blocks)
        {
            Head = final.Block.Header;
            if (Head.EndsEpoch)
            {
                _epochEnds[Head.Height] = Head;
            }

            foreach (var transaction in final.Block.Transactions)
            {
                _transactions.Add(transaction.Hash);
            }

            foreach (var (key, value) in final.Writes)
            {
                Set(_entries, key, value);
            }

            foreach (var (key, bytes) in final.Pages)
            {
                Set(_pages, key, bytes);
            }
        }
    }

    public BlockHeader? ReadHeader(Height height) => _epochEnds.GetValueOrDefault(height);

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey)
        => _entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(stateKey, out var value)
        ? value : null;

    public bool HoldsTransaction(Digest hash) => _transactions.Contains(hash);

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        => _pages.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(pageKey, out page!);

    private static void Set(Dictionary<byte[], byte[]> target, byte[] key, byte[]? value)
    {
        if (value is null)
        {
            target.Remove(key);
        }
        else
        {
            target[key] = value;
        }
    }

    /// <summary>Byte strings by their bytes, looked up without a copy.</summary>
    private sealed class BytesComparer
        : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static BytesComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default;
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
