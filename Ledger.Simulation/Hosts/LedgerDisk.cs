using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// The final chain and state on a simulated disk: each write is there as a whole when it returns, or not at
/// all. It keeps a running hash over all state writes, so that two states at one height can be compared
/// without walking them.
/// </summary>
internal sealed class LedgerDisk(DeathPlan death) : ILedgerStore
{
    private readonly List<FinalBlock> _chain = [];
    private readonly Dictionary<Digest, Height> _heights = [];
    private readonly Dictionary<Digest, (Height Height, Receipt Receipt)> _transactions = [];
    private readonly Dictionary<byte[], byte[]> _state = new(KeyBytes.Comparer);
    private readonly Dictionary<byte[], byte[]> _pages = new(KeyBytes.Comparer);

    public bool IsFull { get; set; }

    /// <summary>Told of each block that has become final here.</summary>
    public Action<FinalBlock>? OnKept { get; set; }

    public BlockHeader? Head => _chain.Count == 0 ? null : _chain[^1].Block.Header;

    /// <summary>Over every state write so far, in order.</summary>
    public Digest StateSum { get; private set; }

    public IReadOnlyList<FinalBlock> Chain => _chain;

    public BlockHeader? ReadHeader(Height height) => At(height)?.Block.Header;

    public Block? Find(Digest hash) => _heights.TryGetValue(hash, out var height) ? At(height)?.Block : null;

    public FinalBlock? At(Height height)
        => height.Value < (ulong)_chain.Count ? _chain[(int)height.Value] : null;

    public (Height Height, Receipt Receipt)? Find(Transaction transaction)
        => _transactions.TryGetValue(transaction.Hash, out var place) ? place : null;

    /// <summary>The hashes of the last blocks, ascending, the head last.</summary>
    public IReadOnlyList<Digest> Recent(int count)
        => [.. _chain.Skip(Math.Max(0, _chain.Count - count)).Select(final => final.Block.Hash)];

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey)
        => _state.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(stateKey, out var value)
        ? value : null;

    public bool HoldsTransaction(Digest hash) => _transactions.ContainsKey(hash);

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
    {
        var found = _pages.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(pageKey, out var bytes);
        page = bytes ?? [];
        return found;
    }

    public void Append(IReadOnlyList<FinalBlock> blocks)
    {
        if (IsFull)
        {
            throw new DiskFullException();
        }

        death.Pass(DeathPoint.BeforeFinal);
        foreach (var final in blocks)
        {
            Keep(final);
        }

        death.Pass(DeathPoint.AfterFinal);
    }

    private void Keep(FinalBlock final)
    {
        _heights[final.Block.Hash] = final.Block.Height;
        _chain.Add(final);
        foreach (var receipt in final.Receipts)
        {
            _transactions[receipt.Transaction] = (final.Block.Height, receipt);
        }

        foreach (var write in final.Writes)
        {
            StateSum = Sha256.Hash([.. StateSum.ToArray(), .. write.Key, 0, .. write.Value ?? []]);
            Put(_state, write.Key, write.Value);
        }

        foreach (var page in final.Pages)
        {
            Put(_pages, page.Key, page.Bytes);
        }

        OnKept?.Invoke(final);
    }

    private static void Put(Dictionary<byte[], byte[]> map, byte[] key, byte[]? value)
    {
        if (value is null)
        {
            map.Remove(key);
        }
        else
        {
            map[key] = value;
        }
    }

    /// <summary>Compares keys by their bytes.</summary>
    private sealed class KeyBytes
        : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly KeyBytes Comparer = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = 17;
            foreach (var b in alternate)
            {
                hash = (hash * 31) + b;
            }

            return hash;
        }
    }
}
