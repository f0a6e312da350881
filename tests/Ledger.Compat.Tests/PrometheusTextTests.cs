using System.Text;
using Prometheus;

namespace Ledger.Compat.Tests;

/// <summary>The text that Prometheus scrapes, version 0.0.4 of its exposition format.</summary>
public sealed class PrometheusTextTests
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MetricFactory _metrics;

    public PrometheusTextTests() => _metrics = Metrics.WithCustomRegistry(_registry);

    [Fact]
    public async Task A_family_has_its_help_its_type_and_its_samples()
    {
        _metrics.CreateCounter("blocks_total", "Blocks so far.").Inc(3);
        _metrics.CreateGauge("height", "The height.").Set(-1.5);

        Assert.Equal(
            """
            # HELP blocks_total Blocks so far.
            # TYPE blocks_total counter
            blocks_total 3
            # HELP height The height.
            # TYPE height gauge
            height -1.5

            """,
            await TextAsync());
    }

    [Fact]
    public async Task Labels_stand_in_their_order_and_children_in_a_steady_one()
    {
        var counter = _metrics.CreateCounter("sent_total", "Sent.", "peer", "direction");
        counter.WithLabels("b", "out").Inc();
        counter.WithLabels("a", "out").Inc(2);
        counter.WithLabels("a", "in").Inc(0.5);

        Assert.Equal(
            """
            # HELP sent_total Sent.
            # TYPE sent_total counter
            sent_total{peer="a",direction="in"} 0.5
            sent_total{peer="a",direction="out"} 2
            sent_total{peer="b",direction="out"} 1

            """,
            await TextAsync());
    }

    [Fact]
    public async Task Quotes_backslashes_and_line_ends_are_escaped()
    {
        _metrics.CreateGauge(
            "odd", "A \\ and a\nline end, a \" as it is.", "text").WithLabels("a\\b\"c\nd{}=,é").Set(1);

        Assert.Equal(
            "# HELP odd A \\\\ and a\\nline end, a \" as it is.\n# TYPE odd gauge\n"
            + "odd{text=\"a\\\\b\\\"c\\nd{}=,é\"} 1\n",
            await TextAsync());
    }

    [Fact]
    public async Task Buckets_count_everything_below_them_and_the_last_counts_all()
    {
        HistogramConfiguration configuration = new() { Buckets = [0.1, 1, 10], LabelNames = ["phase"] };
        var phase = _metrics.CreateHistogram("phase_seconds", "Time.", configuration).WithLabels("prepare");
        foreach (var seconds in new[] { 0.05, 0.1, 0.5, 1.5, 99 })
        {
            phase.Observe(seconds);
        }

        Assert.Equal((5, 101.15), (phase.Count, phase.Sum));
        Assert.Equal(
            """
            # HELP phase_seconds Time.
            # TYPE phase_seconds histogram
            phase_seconds_bucket{phase="prepare",le="0.1"} 2
            phase_seconds_bucket{phase="prepare",le="1"} 3
            phase_seconds_bucket{phase="prepare",le="10"} 4
            phase_seconds_bucket{phase="prepare",le="+Inf"} 5
            phase_seconds_sum{phase="prepare"} 101.15
            phase_seconds_count{phase="prepare"} 5

            """,
            await TextAsync());
    }

    [Fact]
    public async Task A_histogram_takes_what_is_infinite_and_leaves_what_is_no_number()
    {
        var histogram = _metrics.CreateHistogram("h", "H.", new HistogramConfiguration { Buckets = [1] });
        histogram.Observe(double.NaN);
        histogram.Observe(double.PositiveInfinity, 2);
        histogram.Observe(double.NegativeInfinity, 0);

        Assert.Equal(2, histogram.Count);
        Assert.Contains("h_bucket{le=\"+Inf\"} 2\n", await TextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(1e21, "1E+21")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(1234567890123, "1234567890123")]
    public async Task Numbers_are_written_as_Prometheus_reads_them(double value, string text)
    {
        _metrics.CreateGauge("g", "G.").Set(value);

        Assert.EndsWith($"\ng {text}\n", await TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_family_with_labels_shows_no_child_before_there_is_one_and_none_once_it_is_removed()
    {
        var gauge = _metrics.CreateGauge("peers", "Peers.", "peer");
        var empty = await TextAsync();
        gauge.WithLabels("a").Set(1);
        gauge.RemoveLabelled("a");

        Assert.Equal("# HELP peers Peers.\n# TYPE peers gauge\n", empty);
        Assert.Equal(empty, await TextAsync());
    }

    [Fact]
    public async Task What_is_asked_for_before_a_scrape_is_in_it_and_one_failure_does_not_cost_the_rest()
    {
        var gauge = _metrics.CreateGauge("late", "Late.");
        _registry.AddBeforeCollectCallback(() => throw new InvalidOperationException("not now"));
        _registry.AddBeforeCollectCallback(() => gauge.Set(7));

        Assert.EndsWith("late 7\n", await TextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("with space")]
    [InlineData("with-dash")]
    [InlineData("größe")]
    [InlineData("a{b}")]
    public void A_name_that_Prometheus_refuses_is_refused_here(string name)
    {
        Assert.Throws<ArgumentException>(() => _metrics.CreateCounter(name, "X."));
        Assert.Throws<ArgumentException>(() => _metrics.CreateGauge("fine", "X.", name));
    }

    [Theory]
    [InlineData("__name__")]
    [InlineData("__x")]
    public void A_reserved_label_is_refused(string label)
        => Assert.Throws<ArgumentException>(() => _metrics.CreateGauge("fine", "X.", label));

    [Fact]
    public void A_label_named_twice_is_refused()
        => Assert.Throws<InvalidOperationException>(() => _metrics.CreateGauge("fine", "X.", "a", "a"));

    [Fact]
    public void Labels_are_given_all_and_no_more()
    {
        var counter = _metrics.CreateCounter("c_total", "C.", "a", "b");

        Assert.Throws<ArgumentException>(() => counter.WithLabels("1"));
        Assert.Throws<ArgumentException>(() => counter.WithLabels("1", "2", "3"));
        Assert.Throws<ArgumentException>(() => counter.Inc());
    }

    [Fact]
    public void Buckets_that_are_none_or_out_of_order_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Histogram(new() { Buckets = [] }));
        Assert.Throws<ArgumentException>(() => Histogram(new() { Buckets = [1, 1] }));
        Assert.Throws<ArgumentException>(() => Histogram(new() { Buckets = [2, 1] }));
        Assert.Throws<ArgumentException>(() => Histogram(new() { LabelNames = ["le"] }));
    }

    [Fact]
    public void A_counter_only_ever_rises()
    {
        var counter = _metrics.CreateCounter("c_total", "C.");
        counter.IncTo(5);
        counter.IncTo(3);

        Assert.Throws<ArgumentOutOfRangeException>(() => counter.Inc(-1));
        Assert.Equal(5, counter.Value);
    }

    [Fact]
    public void A_name_is_one_metric_of_one_type()
    {
        var first = _metrics.CreateCounter("c_total", "C.");

        Assert.Same(first, _metrics.CreateCounter("c_total", "C."));
        Assert.Throws<InvalidOperationException>(() => _metrics.CreateGauge("c_total", "C."));
    }

    [Fact]
    public void Nothing_is_lost_when_threads_add_at_once()
    {
        var counter = _metrics.CreateCounter("c_total", "C.");
        var histogram = Histogram(new() { Buckets = [0.5] });
        Parallel.For(0, 20_000, _ =>
        {
            counter.Inc(0.5);
            histogram.Observe(1);
        });

        Assert.Equal((10_000, 20_000, 20_000), (counter.Value, histogram.Count, histogram.Sum));
    }

    [Fact]
    public void Buckets_are_made_by_rule()
    {
        Assert.Equal([1, 2, 4, 8], Prometheus.Histogram.ExponentialBuckets(1, 2, 4));
        Assert.Equal([0.5, 1, 1.5], Prometheus.Histogram.LinearBuckets(0.5, 0.5, 3));
    }

    [Fact]
    public async Task Prometheus_own_tool_accepts_all_of_it()
    {
        Assert.SkipUnless(Promtool.IsHere, "promtool is not installed");
        _metrics.CreateCounter(
            "ledger_sent_bytes_total", "Sent \\ to\na \"peer\".", "peer").WithLabels("a\"\\\n").Inc();
        _metrics.CreateGauge("ledger_height", "Height.").Set(double.PositiveInfinity);
        Histogram(new() { LabelNames = ["phase"] }).WithLabels("commit").Observe(0.2);

        Assert.Equal((0, ""), await Promtool.CheckAsync(await TextAsync()));
    }

    [Fact]
    public async Task Prometheus_own_tool_would_refuse_a_broken_one()
    {
        Assert.SkipUnless(Promtool.IsHere, "promtool is not installed");

        var (exit, said) = await Promtool.CheckAsync("# TYPE a counter\na{b=\"unclosed} 1\n");

        Assert.NotEqual(0, exit);
        Assert.NotEmpty(said);
    }

    private Histogram Histogram(HistogramConfiguration configuration)
        => _metrics.CreateHistogram("ledger_phase_seconds", "Time.", configuration);

    private async Task<string> TextAsync()
    {
        using MemoryStream stream = new();
        await _registry.CollectAndExportAsTextAsync(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
