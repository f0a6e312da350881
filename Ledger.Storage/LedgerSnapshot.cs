using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>
/// The ledger as it was at one moment: state, tree pages and head of one and the same block, for reads of
/// several keys and for proofs. Hold it for a request, not for long: what it sees is kept on the disk
/// meanwhile.
/// </summary>
public sealed class LedgerSnapshot : IFinalState, IDisposable
{
    private readonly SharedDatabase.Lease _lease;
    private readonly Snapshot _snapshot;
    private readonly LedgerReader _reader;
    private int _disposed;

    internal LedgerSnapshot(SharedDatabase.Lease lease, Families families)
    {
        _lease = lease;
        _snapshot = families.Database.CreateSnapshot();
        _reader = new(families, new ReadOptions().SetSnapshot(_snapshot));
        Head = _reader.ReadHead();
    }

    /// <summary>The last block that the snapshot sees.</summary>
    public BlockHeader? Head { get; }

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey) => Reader.ReadState(stateKey);

    public bool HoldsTransaction(Digest hash) => Reader.HoldsTransaction(hash);

    public BlockHeader? ReadHeader(Height height) => Reader.ReadHeader(height);

    /// <summary>The receipts of all of a block's transactions, in order.</summary>
    public IReadOnlyList<Receipt>? ReadReceipts(Height height) => Reader.ReadReceipts(height);

    /// <summary>Every present state key that begins with <paramref name="prefix"/>, ascending.</summary>
    public IEnumerable<KeyValuePair<byte[], byte[]>> ReadStateRange(byte[] prefix)
        => Reader.ReadStateRange(prefix);

    /// <summary>Every namespace that has a key, ascending.</summary>
    public IReadOnlyList<string> ReadNamespaces() => Reader.ReadNamespaces();

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page) => Reader.TryReadPage(pageKey, out page);

    private LedgerReader Reader
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            return _reader;
        }
    }

    /// <summary>No read of this snapshot may still run.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _snapshot.Dispose();
            _lease.Dispose();
        }
    }
}
