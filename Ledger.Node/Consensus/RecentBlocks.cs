using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Consensus;

/// <summary>
/// Blocks under way, for peers that ask for one by its hash before it is final; after that the store has it.
/// Bounded by count and by bytes, the oldest goes first.
/// </summary>
public sealed class RecentBlocks
{
    /// <summary>A window in each of many views: the engine holds on to these blocks anyway.</summary>
    public const int CountMax = 256;

    /// <summary>Of their encodings; what they are decoded to takes about twice as much.</summary>
    public const long BytesMax = 32 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, LinkedListNode<Block>> _byHash = [];
    private readonly LinkedList<Block> _byAge = [];
    private long _bytes;

    public void Add(Block block)
    {
        lock (_lock)
        {
            if (_byHash.ContainsKey(block.Hash))
            {
                return;
            }

            _byHash.Add(block.Hash, _byAge.AddLast(block));
            _bytes += block.Encoded.Length;
            while (_byHash.Count > CountMax || (_bytes > BytesMax && _byHash.Count > 1))
            {
                Drop(_byAge.First!);
            }
        }
    }

    /// <summary>The block is final, and stored: whoever asks for it is served from there.</summary>
    public void Remove(Digest hash)
    {
        lock (_lock)
        {
            if (_byHash.TryGetValue(hash, out var node))
            {
                Drop(node);
            }
        }
    }

    public Block? Find(Digest hash)
    {
        lock (_lock)
        {
            return _byHash.GetValueOrDefault(hash)?.Value;
        }
    }

    private void Drop(LinkedListNode<Block> node)
    {
        _byAge.Remove(node);
        _byHash.Remove(node.Value.Hash);
        _bytes -= node.Value.Encoded.Length;
    }
}
