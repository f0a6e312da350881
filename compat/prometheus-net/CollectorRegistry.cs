using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Prometheus;

public class CollectorRegistry
{
    private readonly ConcurrentDictionary<string, Collector> _collectors = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Action> _beforeCollect = new();

    public void AddBeforeCollectCallback(Action callback) => _beforeCollect.Enqueue(callback);

    /// <summary>Writes all metrics in the text exposition format, version 0.0.4.</summary>
    public async Task CollectAndExportAsTextAsync(Stream to, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        foreach (var callback in _beforeCollect)
        {
            // As the published package: one figure that cannot be had does not cost all the others.
            try
            {
                callback();
            }
            catch (Exception exception)
            {
                Trace.WriteLine($"Metrics before-collect callback failed: {exception}");
            }
        }

        var text = new StringBuilder();
        foreach (var (_, collector) in _collectors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            collector.Write(text);
        }

        await to.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancel).ConfigureAwait(false);
    }

    internal T GetOrAdd<T>(string name, Func<T> make)
        where T : Collector
        => _collectors.GetOrAdd(name, _ => make()) as T
            ?? throw new InvalidOperationException($"Metric {name} exists with another type.");
}

public static class Metrics
{
    public static CollectorRegistry DefaultRegistry { get; } = new();

    public static CollectorRegistry NewCustomRegistry() => new();

    public static MetricFactory WithCustomRegistry(CollectorRegistry registry) => new(registry);

    /// <summary>There are none here.</summary>
    public static void SuppressDefaultMetrics()
    {
    }
}

public sealed class MetricFactory
{
    private readonly CollectorRegistry _registry;

    internal MetricFactory(CollectorRegistry registry) => _registry = registry;

    public Counter CreateCounter(string name, string help, CounterConfiguration? configuration = null)
        => _registry.GetOrAdd(name, () => new Counter(name, help, configuration));

    public Counter CreateCounter(string name, string help, params string[] labelNames)
        => CreateCounter(name, help, new CounterConfiguration { LabelNames = labelNames });

    public Gauge CreateGauge(string name, string help, GaugeConfiguration? configuration = null)
        => _registry.GetOrAdd(name, () => new Gauge(name, help, configuration));

    public Gauge CreateGauge(string name, string help, params string[] labelNames)
        => CreateGauge(name, help, new GaugeConfiguration { LabelNames = labelNames });

    public Histogram CreateHistogram(string name, string help, HistogramConfiguration? configuration = null)
        => _registry.GetOrAdd(name, () => new Histogram(name, help, configuration));
}
