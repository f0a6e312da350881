using System.Text;

namespace Prometheus;

public interface ICounter
{
    double Value { get; }

    void Inc(double increment = 1);

    void IncTo(double targetValue);
}

public sealed class Counter : Collector<Counter.Child>, ICounter
{
    internal Counter(string name, string help, CounterConfiguration? configuration)
        : base(name, help, configuration, labels => new(labels))
    {
    }

    public double Value => Unlabelled.Value;

    private protected override string Type => "counter";

    public void Inc(double increment = 1) => Unlabelled.Inc(increment);

    public void IncTo(double targetValue) => Unlabelled.IncTo(targetValue);

    public sealed class Child : ChildBase, ICounter
    {
        private readonly AtomicDouble _value = new();

        internal Child(string labels)
            : base(labels)
        {
        }

        public double Value => _value.Value;

        public void Inc(double increment = 1)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(increment);
            _value.Add(increment);
        }

        public void IncTo(double targetValue) => _value.RaiseTo(targetValue);

        internal override void Write(StringBuilder text, string name)
            => WriteSample(text, name, Labels, Value);
    }
}
