using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The end of the chain of committed blocks, as far back as a view's base can matter. Reaches below its
/// memory are answered with no, which can cost a vote and never safety.
/// </summary>
internal sealed class FinalChain
{
    /// <summary>How many hashes are kept.</summary>
    public const int Memory = 256;

    private readonly Digest[] _recent = new Digest[Memory];
    private Height _oldest;

    /// <param name="recent">Hashes of the last blocks on disk, ascending, the head last; at least
    /// one.</param>
    /// <param name="head">The height of the last.</param>
    public FinalChain(IReadOnlyList<Digest> recent, Height head)
    {
        var kept = Math.Min(recent.Count, Memory);
        _oldest = new(head.Value + 1 - (ulong)kept);
        Height = head;
        for (var i = 0; i < kept; i++)
        {
            this[new Height(_oldest.Value + (ulong)i)] = recent[recent.Count - kept + i];
        }
    }

    public Height Height { get; private set; }

    public Digest Head => this[Height];

    /// <summary>
    /// True from the block on that ends an epoch until the next begins: nothing may stand on it before it is
    /// durable.
    /// </summary>
    public bool IsClosed { get; private set; }

    private Digest this[Height height]
    {
        get => _recent[height.Value % Memory];
        set => _recent[height.Value % Memory] = value;
    }

    /// <summary>Whether this block is known to be committed at this height.</summary>
    public bool Holds(Height height, Digest block)
        => height >= _oldest && height <= Height && this[height] == block;

    /// <summary>The next epoch has begun.</summary>
    public void Open() => IsClosed = false;

    public void Append(Block block)
    {
        Invariant.Holds(block.Height == Height.Next && block.Parent == Head, "decided blocks form one chain");
        Invariant.Holds(!IsClosed, "an epoch's last block is its last");
        IsClosed = block.Header.EndsEpoch;
        Height = block.Height;
        this[Height] = block.Hash;
        if (Height.Value - _oldest.Value >= Memory)
        {
            _oldest = _oldest.Next;
        }
    }
}
