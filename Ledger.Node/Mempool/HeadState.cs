using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Node.Mempool;

/// <summary>
/// The final state with what was read of it since the last block: admission asks for the same few roles with
/// every transaction. A value counts for the head that stood before it was read, and no longer.
/// </summary>
internal sealed class HeadState(LedgerStore store) : IFinalState
{
    private const int ValuesMax = 4096;

    private readonly ConcurrentDictionary<Digest, (Height Head, byte[]? Value)> _values = new();

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey)
    {
        var head = store.Head!.Height;
        var path = StateKey.PathOf(stateKey);
        if (_values.TryGetValue(path, out var known) && known.Head == head)
        {
            return known.Value;
        }

        var value = store.ReadState(stateKey);
        if (_values.Count >= ValuesMax)
        {
            _values.Clear();
        }

        _values[path] = (head, value);
        return value;
    }

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page) => store.TryRead(pageKey, out page);

    public bool HoldsTransaction(Digest hash) => store.HoldsTransaction(hash);
}
