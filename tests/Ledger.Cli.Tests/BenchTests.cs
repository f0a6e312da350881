using Ledger.Cli.Bench;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

/// <summary>A load generator must not flatter a network that stalls.</summary>
public sealed class BenchTests
{
    private static readonly TimeSpan Stall = TimeSpan.FromMilliseconds(600);

    [Fact]
    public async Task With_a_rate_latency_counts_from_when_a_transaction_was_due()
    {
        await using var node = await FakeNode.StartAsync();
        using var key = SigningKey.Generate();
        BenchSettings settings = new(
            [new(node.Url)], Clients: 1, Duration: TimeSpan
                .FromSeconds(1), Operations: 1, ValueBytes: 8, Batch: 1,
            RatePerSecond: 100, Patience: TimeSpan.FromSeconds(20));
        LoadGenerator generator = new(settings, new("trial", key, settings));
        node.BeforeAnswer = (number, _) => number == 1 ? UntilAsync(generator, Stall) : Task.CompletedTask;

        var result = await generator.RunAsync(TestContext.Current.CancellationToken);

        // Sixty of a hundred were due while the first one stalled. Counted from when they could be sent, only
        // that first one would be slow.
        Assert.Empty(result.Failures);
        Assert.InRange(result.Latency.Count, 1, 100);
        Assert.True(result.Latency.MaxMicroseconds >= Stall.TotalMicroseconds - 20_000);
        Assert.True(result.Latency.Percentile(60) >= 150_000);
    }

    [Fact]
    public async Task Failures_are_counted_by_their_cause()
    {
        await using var node = await FakeNode.StartAsync();
        using var key = SigningKey.Generate();
        BenchSettings settings = new(
            [new(node.Url)], Clients: 1, Duration: TimeSpan
                .FromMilliseconds(300), Operations: 1, ValueBytes: 8,
            Batch: 2, RatePerSecond: 20, Patience: TimeSpan.FromSeconds(20));
        node.Refuses["k1"] = "no such namespace";

        var result = await new LoadGenerator(settings, new("trial", key, settings))
            .RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, result.Failures["no such namespace"]);
        Assert.Equal(result.Applied, result.Latency.Count);
        Assert.True(result.Applied > 0);
    }

    [Fact]
    public void Percentiles_are_within_a_hundredth_and_never_better_than_the_truth()
    {
        Random chance = new(5);
        LatencyHistogram histogram = new();
        var all = new long[20_000];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = (long)Math.Exp(chance.NextDouble() * 18);
            histogram.Record(TimeSpan.FromMicroseconds(all[i]));
        }

        Array.Sort(all);
        foreach (var percent in new[] { 0.1, 1, 50, 90, 99, 99.9, 100 })
        {
            var truth = all[(int)Math.Ceiling(all.Length * percent / 100) - 1];
            Assert.InRange(histogram.Percentile(percent), truth, (long)(truth * 1.01) + 1);
        }
    }

    [Fact]
    public void Histograms_add_up()
    {
        LatencyHistogram one = new();
        LatencyHistogram other = new();
        one.Record(TimeSpan.FromMilliseconds(1), times: 3);
        other.Record(TimeSpan.FromSeconds(9));
        one.Add(other);

        Assert.Equal((4, 9_000_000), (one.Count, one.MaxMicroseconds));
        Assert.InRange(one.Percentile(75), 1000, 1010);
        Assert.Equal(9_000_000, one.Percentile(76));
        Assert.Equal(0, new LatencyHistogram().Percentile(99));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(366L * 86_400_000_000)]
    public void Any_latency_has_a_place(long microseconds)
    {
        LatencyHistogram histogram = new();
        histogram.Record(TimeSpan.FromTicks(microseconds * 10));

        Assert.Equal(Math.Max(0, microseconds), histogram.Percentile(50));
    }

    private static async Task UntilAsync(LoadGenerator generator, TimeSpan elapsed)
    {
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(5));
        while (generator.Elapsed < elapsed)
        {
            await tick.WaitForNextTickAsync();
        }
    }
}
