using Ledger.Core;

namespace Ledger.Node.Hosting;

/// <summary>
/// How far the network is ahead of this node. Peers say how high they are, and some of them may lie: what one
/// more than those have reached, an honest one has.
/// </summary>
public sealed class SyncLag(int validators, int liarsMax)
{
    private readonly Lock _lock = new();
    private ulong[] _claimed = new ulong[validators];
    private int _liarsMax = liarsMax;
    private ulong _ours;

    /// <summary>Where this node is, for one that is not told of each step.</summary>
    public Func<Height>? Reached { get; init; }

    public ulong Blocks
    {
        get
        {
            lock (_lock)
            {
                var claims = (ulong[])_claimed.Clone();
                Array.Sort(claims);
                _ours = Math.Max(_ours, Reached?.Invoke().Value ?? 0);
                var reached = claims[^(_liarsMax + 1)];
                return reached > _ours ? reached - _ours : 0;
            }
        }
    }

    /// <summary>A peer says that it has this height; the latest word counts.</summary>
    public void PeerIsAt(ValidatorIndex peer, Height height, Height ours)
    {
        lock (_lock)
        {
            if (peer.Value < _claimed.Length)
            {
                _claimed[peer.Value] = height.Value;
            }

            _ours = Math.Max(_ours, ours.Value);
        }
    }

    public void WeAreAt(Height ours)
    {
        lock (_lock)
        {
            _ours = Math.Max(_ours, ours.Value);
        }
    }

    /// <summary>From now on these validators' words count, and so many of them may lie.</summary>
    public void Follow(ValidatorSet validators, int liarsMax)
    {
        lock (_lock)
        {
            var claimed = new ulong[validators.Seats];
            foreach (var seat in validators.Indices)
            {
                claimed[seat.Value] = seat.Value < _claimed.Length ? _claimed[seat.Value] : 0;
            }

            _claimed = claimed;
            _liarsMax = liarsMax;
        }
    }
}
