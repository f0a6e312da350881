using Ledger.Core;
using Ledger.Crypto;
using RocksDbSharp;

namespace Ledger.Storage;

/// <summary>A chunk of a snapshot that was found good, as the rows that it leaves in the ledger.</summary>
public sealed class PreparedChunk : IDisposable
{
    internal PreparedChunk(int index) => Index = index;

    /// <summary>Its number in the manifest.</summary>
    public int Index { get; }

    /// <summary>All but the places of transactions, and the note that the chunk is there.</summary>
    internal WriteBatch Batch { get; } = new();

    internal List<(Digest Transaction, Height Height, int Index)> Places { get; } = [];

    public void Dispose() => Batch.Dispose();
}
