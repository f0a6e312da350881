using System.Text;

namespace Prometheus;

public interface IHistogram
{
    double Sum { get; }

    long Count { get; }

    void Observe(double val);

    void Observe(double val, long count);
}

public sealed class Histogram : Collector<Histogram.Child>, IHistogram
{
    private static readonly double[] DefaultBuckets =
        [.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];

    internal Histogram(string name, string help, HistogramConfiguration? configuration)
        : base(name, help, configuration, MakerOf(configuration))
    {
    }

    public double Sum => Unlabelled.Sum;

    public long Count => Unlabelled.Count;

    private protected override string Type => "histogram";

    public static double[] ExponentialBuckets(double start, double factor, int count)
        => [.. Enumerable.Range(0, count).Select(i => start * Math.Pow(factor, i))];

    public static double[] LinearBuckets(double start, double width, int count)
        => [.. Enumerable.Range(0, count).Select(i => start + (i * width))];

    public void Observe(double val) => Unlabelled.Observe(val);

    public void Observe(double val, long count) => Unlabelled.Observe(val, count);

    private static Func<string, Child> MakerOf(HistogramConfiguration? configuration)
    {
        if (configuration?.LabelNames?.Contains("le") == true)
        {
            throw new ArgumentException("'le' is a reserved label name.", nameof(configuration));
        }

        double[] bounds = configuration?.Buckets ?? DefaultBuckets;
        if (bounds.Length == 0)
        {
            throw new ArgumentException("A histogram must have at least one bucket.", nameof(configuration));
        }

        if (bounds[^1] != double.PositiveInfinity)
        {
            bounds = [.. bounds, double.PositiveInfinity];
        }

        return bounds.Zip(bounds.Skip(1)).All(pair => pair.First < pair.Second)
            ? labels => new(labels, bounds)
            : throw new ArgumentException("Bucket values must be increasing.", nameof(configuration));
    }

    public sealed class Child : ChildBase, IHistogram
    {
        private readonly double[] _bounds;
        private readonly long[] _counts;
        private readonly AtomicDouble _sum = new();

        internal Child(string labels, double[] bounds)
            : base(labels)
        {
            _bounds = bounds;
            _counts = new long[_bounds.Length];
        }

        public double Sum => _sum.Value;

        public long Count => _counts.Sum();

        public void Observe(double val) => Observe(val, 1);

        public void Observe(double val, long count)
        {
            if (double.IsNaN(val))
            {
                return;
            }

            var bucket = 0;
            while (val > _bounds[bucket])
            {
                bucket++;
            }

            Interlocked.Add(ref _counts[bucket], count);
            _sum.Add(val * count);
        }

        internal override void Write(StringBuilder text, string name)
        {
            var comma = Labels.Length > 0 ? "," : "";
            long cumulated = 0;
            for (var i = 0; i < _bounds.Length; i++)
            {
                cumulated += Interlocked.Read(ref _counts[i]);
                WriteSample(
                    text,
                    name + "_bucket",
                    $"{Labels}{comma}le=\"{Collector.Format(_bounds[i])}\"",
                    cumulated);
            }

            WriteSample(text, name + "_sum", Labels, Sum);
            WriteSample(text, name + "_count", Labels, cumulated);
        }
    }
}
