using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// Gets what a validator lacks: one block by its hash, or all from its head on. Asks one peer after the other
/// and trusts none: a block must have the hash that was asked for, a range must end in a certificate. The
/// rules of the node's block sync without its tasks.
/// </summary>
internal sealed class BlockFetcher(Simulator simulator, Life life)
{
    private const int RangeMax = 64;
    private const int WishesMax = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<ulong, Wish> _asked = [];
    private readonly HashSet<Digest> _fetching = [];
    private ulong _lastId;
    private bool _catchesUp;
    private Height? _needed;

    /// <summary>The highest that was wished for since the one under way began.</summary>
    private (Height Target, ValidatorIndex From)? _next;

    public void Fetch(Digest hash, Height height)
    {
        if (_fetching.Count < WishesMax && _fetching.Add(hash))
        {
            Ask(new(hash, height, Peers(null)));
        }
    }

    /// <param name="target">Up to here.</param>
    /// <param name="from">Who is known to be there.</param>
    /// <param name="isNeeded">The engine asks once and waits until it is here.</param>
    public void CatchUp(Height target, ValidatorIndex from, bool isNeeded)
    {
        if (isNeeded && (_needed is null || target > _needed))
        {
            _needed = target;
        }

        if (_catchesUp)
        {
            _next = _next is { } known && known.Target >= target ? known : (target, from);
        }
        else if (target > life.Machine.Head.Height)
        {
            _catchesUp = true;
            Ask(new(null, target, Peers(from)));
        }
    }

    public Parcel.Answer AnswerTo(Parcel.Question question, RecentBlocks recent)
    {
        if (question.Hash is { } hash)
        {
            var block = recent.Find(hash) ?? life.Host.Ledger.Find(hash);
            return new(question.Id, block is null ? [] : [block.Encoded], []);
        }

        List<ReadOnlyMemory<byte>> blocks = [];
        List<QuorumCertificate> certificates = [];
        for (var height = question.From; blocks.Count < RangeMax; height = height.Next)
        {
            if (life.Host.Ledger.At(height) is not { } final)
            {
                break;
            }

            blocks.Add(final.Block.Encoded);
            if (final.Certificate is { } certificate)
            {
                certificates.Add(certificate);
            }
        }

        return new(question.Id, blocks, certificates);
    }

    public void OnAnswer(Host from, Parcel.Answer answer)
    {
        if (!_asked.TryGetValue(answer.Id, out var wish) || wish.Peer != from)
        {
            return;
        }

        _asked.Remove(answer.Id);
        var isServed = wish.Hash is { } hash ? OnBlock(hash, answer) : OnRange(answer);
        if (!isServed)
        {
            Ask(wish);
        }
        else if (wish.Hash is null)
        {
            GoOn(wish);
        }
    }

    private void Ask(Wish wish)
    {
        if (!wish.Peers.TryDequeue(out var peer))
        {
            GiveUp(wish);
            return;
        }

        wish.Peer = peer;
        var id = ++_lastId;
        _asked[id] = wish;
        var from = wish.Hash is null ? life.Machine.Head.Height.Next : wish.Height;
        life.Send(peer, new Parcel.Question(id, wish.Hash, from), simulator.Now);
        life.After(Patience, () =>
        {
            if (_asked.Remove(id))
            {
                Ask(wish);
            }
        });
    }

    /// <summary>What was not found is asked for again by the engine.</summary>
    private void GiveUp(Wish wish)
    {
        if (wish.Hash is { } hash)
        {
            _fetching.Remove(hash);
        }
        else
        {
            EndCatchUp();
        }
    }

    private void EndCatchUp()
    {
        _catchesUp = false;
        if (_next is { } next)
        {
            _next = null;
            CatchUp(next.Target, next.From, isNeeded: false);
        }

        if (!_catchesUp && _needed is { } target && target > life.Machine.Head.Height)
        {
            life.After(Patience / 4, () => CatchUp(target, life.Self, isNeeded: true));
        }
    }

    private bool OnBlock(Digest hash, Parcel.Answer answer)
    {
        if (answer.Blocks.Count != 1
            || simulator.DecodeBlock(answer.Blocks[0]) is not { } block || block.Hash != hash)
        {
            return false;
        }

        _fetching.Remove(hash);
        life.Post(new Input.Fetched(block));
        return true;
    }

    private bool OnRange(Parcel.Answer answer)
    {
        List<Block> segment = [];
        var served = false;
        foreach (var encoded in answer.Blocks)
        {
            if (simulator.DecodeBlock(encoded) is not { } block)
            {
                return served;
            }

            segment.Add(block);
            if (answer.Certificates.FirstOrDefault(
                c => c.Subject.Height == block.Height) is not { } certificate)
            {
                continue;
            }

            if (simulator.Protocol.CheckSegment(life.Machine.Epoch, segment, certificate) is not { } verified)
            {
                return served;
            }

            life.Post(new Input.Synced(verified));
            served = block.Height > life.Machine.Head.Height;
            segment = [];
            if (block.Header.EndsEpoch)
            {
                // What follows can be checked once this block is final here.
                break;
            }
        }

        return served;
    }

    /// <summary>
    /// Looks again once what was handed over has been taken in, and asks the same peer for more.
    /// </summary>
    private void GoOn(Wish wish)
    {
        life.After(TimeSpan.FromMilliseconds(20), () =>
        {
            if (life.Machine.Head.Height >= wish.Height)
            {
                EndCatchUp();
                return;
            }

            Ask(wish);
        });
    }

    private Queue<Host> Peers(ValidatorIndex? first)
    {
        Queue<Host> peers = new();
        foreach (var host in simulator.Hosts.OrderByDescending(host => host.Self == first))
        {
            if (host.Self != life.Self && host.Life is not null)
            {
                peers.Enqueue(host);
            }
        }

        return peers;
    }

    private sealed class Wish(Digest? hash, Height height, Queue<Host> peers)
    {
        public Digest? Hash { get; } = hash;

        public Height Height { get; } = height;

        public Queue<Host> Peers { get; } = peers;

        public Host? Peer { get; set; }
    }
}
