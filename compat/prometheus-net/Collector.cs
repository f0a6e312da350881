using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Prometheus;

/// <summary>One metric family: its name and help, and a child for each set of label values.</summary>
public abstract partial class Collector
{
    private protected Collector(string name, string help, string[] labelNames)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new ArgumentException($"Metric name '{name}' is not valid.", nameof(name));
        }

        Array.ForEach(labelNames, RequireLabelName);
        if (labelNames.Distinct(StringComparer.Ordinal).Count() != labelNames.Length)
        {
            throw new InvalidOperationException($"The label names of {name} include duplicates.");
        }

        Name = name;
        Help = help;
        LabelNames = labelNames;
    }

    public string Name { get; }

    public string Help { get; }

    public string[] LabelNames { get; }

    private protected abstract string Type { get; }

    internal void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ')
            .Append(Help.Replace(
                "\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
            .Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(Type).Append('\n');
        WriteChildren(text);
    }

    private protected abstract void WriteChildren(StringBuilder text);

    internal static string Format(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ when double.IsNaN(value) => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void RequireLabelName(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (!NamePattern().IsMatch(label) || label.StartsWith("__", StringComparison.Ordinal))
        {
            throw new ArgumentException($"Label name '{label}' is not valid or reserved.", nameof(label));
        }
    }

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex NamePattern();
}

public abstract class Collector<TChild> : Collector
    where TChild : ChildBase
{
    private readonly ConcurrentDictionary<string, TChild> _children = new(StringComparer.Ordinal);
    private readonly Func<string, TChild> _make;
    private readonly Lazy<TChild> _unlabelled;

    private protected Collector(
        string name, string help, MetricConfiguration? configuration, Func<string, TChild> make)
        : base(name, help, configuration?.LabelNames ?? [])
    {
        _make = make;
        _unlabelled = new(() => WithLabels());
        if (LabelNames.Length == 0 && configuration?.SuppressInitialValue != true)
        {
            _ = _unlabelled.Value;
        }
    }

    private protected TChild Unlabelled => _unlabelled.Value;

    public TChild WithLabels(params string[] labelValues)
    {
        ArgumentNullException.ThrowIfNull(labelValues);
        if (labelValues.Length != LabelNames.Length)
        {
            throw new ArgumentException(
                $"{Name} has {LabelNames.Length} labels, not {labelValues.Length}.", nameof(labelValues));
        }

        return _children.GetOrAdd(LabelsOf(labelValues), _make);
    }

    public void RemoveLabelled(params string[] labelValues)
        => _children.TryRemove(LabelsOf(labelValues), out _);

    private protected override void WriteChildren(StringBuilder text)
    {
        foreach (var (_, child) in _children.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            child.Write(text, Name);
        }
    }

    private string LabelsOf(string[] values) => string.Join(
        ',', values.Select((value, i) => $"{LabelNames[i]}=\"{Escape(value)}\""));

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal);
}

public abstract class ChildBase
{
    private protected ChildBase(string labels) => Labels = labels;

    private protected string Labels { get; }

    internal abstract void Write(StringBuilder text, string name);

    private protected static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Collector.Format(value)).Append('\n');
    }
}

/// <summary>A double that threads may add to without a lock.</summary>
internal sealed class AtomicDouble
{
    private long _bits;

    public double Value
    {
        get => BitConverter.Int64BitsToDouble(Interlocked.Read(ref _bits));
        set => Interlocked.Exchange(ref _bits, BitConverter.DoubleToInt64Bits(value));
    }

    public void Add(double increment)
    {
        long before;
        do
        {
            before = Interlocked.Read(ref _bits);
        }
        while (Interlocked.CompareExchange(
            ref _bits, BitConverter.DoubleToInt64Bits(
                BitConverter.Int64BitsToDouble(before) + increment), before)
            != before);
    }

    public void RaiseTo(double target)
    {
        for (var before = Interlocked.Read(ref _bits); BitConverter.Int64BitsToDouble(before) < target;)
        {
            var seen = Interlocked.CompareExchange(ref _bits, BitConverter.DoubleToInt64Bits(target), before);
            if (seen == before)
            {
                return;
            }

            before = seen;
        }
    }
}
