using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Consensus;

/// <summary>
/// Blocks under way, for peers that ask for one by its hash before it is final; after that the store has it.
/// Only what the engine takes up is here, so that proposals it has no use for push nothing out. Bounded by
/// count and by bytes, the oldest goes first; but never what a view is built on, as far down as it is not
/// final: nobody proposes that again, so who lacks it can only ask for it.
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
    private Subject _base;

    /// <summary>A view has begun: its base and what that stands on stay until they are final.</summary>
    public void Build(Subject on)
    {
        lock (_lock)
        {
            _base = on;
        }
    }

    /// <summary>A quorum has prepared this: the next view may be built on it.</summary>
    public void Prepared(Subject block)
    {
        lock (_lock)
        {
            _base = block.Outranks(_base) ? block : _base;
        }
    }

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
            if (IsOverfull)
            {
                DropOldest(except: block.Hash);
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

    private bool IsOverfull => _byHash.Count > CountMax || _bytes > BytesMax;

    private void DropOldest(Digest except)
    {
        HashSet<Digest> kept = [except];
        for (var hash = _base.Block; _byHash.TryGetValue(hash, out var found); hash = found.Value.Parent)
        {
            kept.Add(hash);
        }

        for (var (node, next) = (_byAge.First, _byAge.First?.Next); node is not null && IsOverfull;
            (node, next) = (next, next?.Next))
        {
            if (!kept.Contains(node.Value.Hash))
            {
                Drop(node);
            }
        }
    }

    private void Drop(LinkedListNode<Block> node)
    {
        _byAge.Remove(node);
        _byHash.Remove(node.Value.Hash);
        _bytes -= node.Value.Encoded.Length;
    }
}
