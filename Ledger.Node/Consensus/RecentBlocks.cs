using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Consensus;

/// <summary>Blocks under way, for peers that ask for one by its hash before it is final. Bounded by count.</summary>
public sealed class RecentBlocks
{
    /// <summary>A window in each of many views: the engine holds on to these blocks anyway.</summary>
    private const int Max = 256;

    private readonly ConcurrentDictionary<Digest, Block> _byHash = new();
    private readonly ConcurrentQueue<Digest> _order = new();

    public void Add(Block block)
    {
        if (!_byHash.TryAdd(block.Hash, block))
        {
            return;
        }

        _order.Enqueue(block.Hash);
        while (_order.Count > Max && _order.TryDequeue(out var oldest))
        {
            _byHash.TryRemove(oldest, out _);
        }
    }

    public Block? Find(Digest hash) => _byHash.GetValueOrDefault(hash);
}
