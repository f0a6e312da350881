namespace Ledger.Node.Transport;

/// <summary>
/// How long a validator that broke the protocol is kept out: longer each time, and forgiven once it has
/// behaved for as long as the longest penalty.
/// </summary>
internal sealed class Penalty(TransportOptions options, TimeProvider time)
{
    private int _offences;
    private long _until;

    public TimeSpan Left
    {
        get
        {
            var left = TimeSpan.FromTicks(Volatile.Read(ref _until) - time.GetUtcNow().Ticks);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <returns>How long it lasts.</returns>
    public TimeSpan Impose()
    {
        var now = time.GetUtcNow().Ticks;
        var forgiven = now - Volatile.Read(ref _until) > options.PenaltyMax.Ticks;
        _offences = forgiven ? 0 : Math.Min(_offences + 1, 30);
        var length = Backoff.Doubled(options.PenaltyMin, options.PenaltyMax, _offences);
        Volatile.Write(ref _until, now + length.Ticks);
        return length;
    }
}

/// <summary>Waits that double up to a cap.</summary>
internal static class Backoff
{
    public static TimeSpan Doubled(TimeSpan least, TimeSpan most, int times)
    {
        var factor = 1L << Math.Clamp(times, 0, 30);
        return least.Ticks > most.Ticks / factor ? most : TimeSpan.FromTicks(least.Ticks * factor);
    }

    /// <summary>
    /// Between half of it and all of it, so that peers which failed together do not return together.
    /// </summary>
    public static TimeSpan WithJitter(TimeSpan wait) => wait * (0.5 + (Random.Shared.NextDouble() / 2));
}
