using System.Text;

namespace Prometheus;

public interface IGauge
{
    double Value { get; }

    void Inc(double increment = 1);

    void Dec(double decrement = 1);

    void Set(double val);
}

public sealed class Gauge : Collector<Gauge.Child>, IGauge
{
    internal Gauge(string name, string help, GaugeConfiguration? configuration)
        : base(name, help, configuration, labels => new(labels))
    {
    }

    public double Value => Unlabelled.Value;

    private protected override string Type => "gauge";

    public void Inc(double increment = 1) => Unlabelled.Inc(increment);

    public void Dec(double decrement = 1) => Unlabelled.Dec(decrement);

    public void Set(double val) => Unlabelled.Set(val);

    public sealed class Child : ChildBase, IGauge
    {
        private readonly AtomicDouble _value = new();

        internal Child(string labels)
            : base(labels)
        {
        }

        public double Value => _value.Value;

        public void Inc(double increment = 1) => _value.Add(increment);

        public void Dec(double decrement = 1) => _value.Add(-decrement);

        public void Set(double val) => _value.Value = val;

        internal override void Write(StringBuilder text, string name)
            => WriteSample(text, name, Labels, Value);
    }
}
