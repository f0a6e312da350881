namespace Ledger.Node.Transport;

/// <summary>
/// What one peer may make this node do. A frame costs the time that its handler keeps the peer's reader
/// busy, and a price for what it causes elsewhere: memory, a turn of the consensus loop, bytes of an answer.
/// Who has spent more than its share is read no further for a moment, and TCP passes the wait on to it.
/// Nothing is refused, so a peer that lags is served, and nobody else's frames wait for it.
/// </summary>
/// <remarks>
/// B1: over any time t, what one peer causes costs at most <see cref="Burst"/> + <see cref="Share"/> t, and
/// what it is let go over that before it waits: <see cref="Gulp"/> and one frame. B2: who costs less never
/// waits. Kept over all connections of a peer, or a new one would be a new allowance.
/// </remarks>
internal sealed class PeerAllowance(TimeProvider time)
{
    /// <summary>
    /// Of one processor: of four validators at full load on two cores none has had to wait for another.
    /// </summary>
    public const double Share = 0.5;

    /// <summary>A frame, or a piece of one that came to nothing.</summary>
    public static readonly TimeSpan PerPiece = TimeSpan.FromMicroseconds(20);

    /// <summary>A hundred megabytes a second use up the share.</summary>
    private const double SecondsPerByte = 5e-9;

    public static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    /// <summary>Shorter waits would be longer than asked for: timers tick in milliseconds.</summary>
    public static readonly TimeSpan Gulp = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// The most that one frame counts for: a process that was stopped meanwhile says nothing of the peer.
    /// </summary>
    public static readonly TimeSpan OneMax = TimeSpan.FromMilliseconds(100);

    private long _spentTicks;
    private TimeSpan _owed;
    private long _settledAt = time.GetTimestamp();

    public void Spend(TimeSpan cost)
        => Interlocked.Add(ref _spentTicks, (cost < OneMax ? cost : OneMax).Ticks);

    public void SpendPieces(int count) => Spend(PerPiece * count);

    public void SpendBytes(int count) => Spend(TimeSpan.FromSeconds(count * SecondsPerByte));

    /// <summary>Adds up. Only whoever reads from the peer, or lets it in, calls this.</summary>
    /// <returns>How long nothing must be read from the peer; zero while it keeps within its share.</returns>
    public TimeSpan Settle()
    {
        var now = time.GetTimestamp();
        _owed -= time.GetElapsedTime(_settledAt, now) * Share;
        _settledAt = now;
        var before = _owed > TimeSpan.Zero ? _owed : TimeSpan.Zero;
        _owed = before + TimeSpan.FromTicks(Interlocked.Exchange(ref _spentTicks, 0));
        return _owed > Burst + Gulp ? (_owed - Burst) / Share : TimeSpan.Zero;
    }
}
