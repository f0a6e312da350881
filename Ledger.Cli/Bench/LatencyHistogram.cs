using System.Numerics;

namespace Ledger.Cli.Bench;

/// <summary>
/// Latencies in buckets whose width grows with their value: percentiles within 1%, in fixed memory, whatever
/// the number of samples. Written by one client; added up at the end.
/// </summary>
internal sealed class LatencyHistogram
{
    /// <summary>Values below 2^7 µs have a bucket each; above, each power of two is cut in 2^7.</summary>
    private const int Bits = 7;

    private const int PerPower = 1 << Bits;

    private readonly long[] _counts = new long[PerPower * (65 - Bits)];

    public long Count { get; private set; }

    public long MaxMicroseconds { get; private set; }

    public void Record(TimeSpan latency, int times = 1)
    {
        var microseconds = Math.Max(0, (long)latency.TotalMicroseconds);
        _counts[BucketOf(microseconds)] += times;
        Count += times;
        MaxMicroseconds = Math.Max(MaxMicroseconds, microseconds);
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        MaxMicroseconds = Math.Max(MaxMicroseconds, other.MaxMicroseconds);
    }

    /// <summary>
    /// The least value that at least this share of the samples does not exceed; 0 without samples.
    /// </summary>
    public long Percentile(double percent)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(TopOf(i), MaxMicroseconds);
            }
        }

        return MaxMicroseconds;
    }

    private static int BucketOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - Bits);
        return (shift * PerPower) + (int)(value >> shift);
    }

    /// <summary>The largest value of a bucket: a latency is never told better than it was.</summary>
    private static long TopOf(int bucket)
    {
        if (bucket < 2 * PerPower)
        {
            return bucket;
        }

        var shift = (bucket / PerPower) - 1;
        return ((long)(bucket - (shift * PerPower) + 1) << shift) - 1;
    }
}
