namespace Ledger.Cli.Bench;

/// <summary>What one client saw, and, added up, what all saw.</summary>
internal sealed class BenchResult
{
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private long _applied;

    /// <summary>Of transactions that are final and took effect.</summary>
    public LatencyHistogram Latency { get; } = new();

    public IReadOnlyDictionary<string, long> Failures => _failures;

    /// <summary>Read by the progress line while the client runs.</summary>
    public long Applied => Interlocked.Read(ref _applied);

    public void RecordApplied(TimeSpan latency, int count)
    {
        if (count > 0)
        {
            Latency.Record(latency, count);
            Interlocked.Add(ref _applied, count);
        }
    }

    public void RecordFailed(string cause, int count = 1)
        => _failures[cause] = _failures.GetValueOrDefault(cause) + count;

    public void Add(BenchResult other)
    {
        Latency.Add(other.Latency);
        Interlocked.Add(ref _applied, other.Applied);
        foreach (var (cause, count) in other.Failures)
        {
            RecordFailed(cause, (int)count);
        }
    }
}
