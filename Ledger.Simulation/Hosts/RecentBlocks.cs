using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Blocks under way, for peers that ask for one by its hash before it is final. Bounded, as in the node.
/// </summary>
internal sealed class RecentBlocks
{
    private const int Max = 256;

    private readonly Dictionary<Digest, Block> _byHash = [];
    private readonly Queue<Digest> _order = new();

    public void Add(Block block)
    {
        if (_byHash.TryAdd(block.Hash, block))
        {
            _order.Enqueue(block.Hash);
            if (_order.Count > Max)
            {
                _byHash.Remove(_order.Dequeue());
            }
        }
    }

    public Block? Find(Digest hash) => _byHash.GetValueOrDefault(hash);
}
