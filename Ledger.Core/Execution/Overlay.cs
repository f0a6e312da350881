using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The writes of one block over its ancestors' layers and the final state. Those of the transaction under way
/// are kept apart until it is known whether all its operations succeed.
/// </summary>
/// <param name="parent">The uncommitted block below.</param>
/// <param name="final">The state below those.</param>
/// <param name="writes">How many are to be expected.</param>
internal sealed class Overlay(Layer? parent, IFinalState final, int writes)
{
    private readonly Dictionary<Digest, StateWrite> _block = new(writes);
    private readonly Dictionary<Digest, StateWrite> _transaction = [];

    /// <summary>
    /// What was read from below: the same roles are asked for by every transaction of a sender.
    /// </summary>
    private readonly Dictionary<Digest, byte[]?> _read = new(writes);

    /// <summary>What the block has written so far, each key once.</summary>
    public IReadOnlyDictionary<Digest, StateWrite> Writes => _block;

    /// <summary>
    /// The same in the order of their paths: what is made of them is then the same everywhere.
    /// </summary>
    public StateWrite[] InOrder(out Digest[] paths)
    {
        paths = new Digest[_block.Count];
        var writes = new StateWrite[_block.Count];
        _block.Keys.CopyTo(paths, 0);
        _block.Values.CopyTo(writes, 0);
        Array.Sort(paths, writes);
        return writes;
    }

    public byte[]? Read(byte[] key)
    {
        var path = StateKey.PathOf(key);
        if (_transaction.TryGetValue(path, out var write) || _block.TryGetValue(path, out write))
        {
            return write.Value;
        }

        if (!_read.TryGetValue(path, out var value))
        {
            _read[path] = value = ReadBelow(path, key);
        }

        return value;
    }

    public void Write(byte[] key, byte[]? value) => _transaction[StateKey.PathOf(key)] = new(key, value);

    /// <summary>All operations succeeded: the transaction's writes become the block's.</summary>
    public void Keep()
    {
        foreach (var (path, write) in _transaction)
        {
            _block[path] = write;
        }

        _transaction.Clear();
    }

    /// <summary>One failed: none of them happened.</summary>
    public void Discard() => _transaction.Clear();

    private byte[]? ReadBelow(Digest path, byte[] key)
    {
        for (var layer = parent; layer is not null; layer = layer.Parent)
        {
            if (layer.Outcome.ByPath.TryGetValue(path, out var write))
            {
                return write.Value;
            }
        }

        return final.ReadState(key);
    }
}
