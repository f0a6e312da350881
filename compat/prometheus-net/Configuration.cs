namespace Prometheus;

public abstract class MetricConfiguration
{
    public string[]? LabelNames { get; set; }

    public bool SuppressInitialValue { get; set; }
}

public class CounterConfiguration : MetricConfiguration
{
}

public class GaugeConfiguration : MetricConfiguration
{
}

public class HistogramConfiguration : MetricConfiguration
{
    public double[]? Buckets { get; set; }
}
