using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Node.Api;

namespace Ledger.Cli.Devnet;

/// <summary>Asks all validators at once how they fare, and remembers enough to tell rates.</summary>
internal sealed class DevnetMonitor(IReadOnlyList<DevnetValidator> validators) : IDisposable
{
    /// <summary>Rates are over this long: shorter flickers, longer lags.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(3);

    private const int SparkPoints = 60;

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly Queue<(DateTimeOffset At, ulong Height, ulong Transactions)> _window = new();
    private readonly Queue<double> _spark = new();

    public async Task<DevnetPicture> SampleAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var samples = await Task.WhenAll(validators.Select(v => AskAsync(v, cancellationToken)));
        return Draw(now, samples);
    }

    public void Dispose() => _http.Dispose();

    private DevnetPicture Draw(DateTimeOffset now, ValidatorSample?[] samples)
    {
        var height = samples.Max(sample => sample?.Status.Height ?? 0);
        var transactions = samples.Max(sample => sample?.Transactions ?? 0);
        _window.Enqueue((now, height, transactions));
        while (_window.Count > 2 && now - _window.Peek().At > RateWindow)
        {
            _window.Dequeue();
        }

        var first = _window.Peek();
        var seconds = Math.Max(0.001, (now - first.At).TotalSeconds);
        var perSecond = RateOf(transactions, first.Transactions, seconds);
        _spark.Enqueue(perSecond);
        if (_spark.Count > SparkPoints)
        {
            _spark.Dequeue();
        }

        return new(
            height, RateOf(height, first.Height, seconds), perSecond, [.. _spark], samples);
    }

    /// <summary>Zero, not less, when the node that was ahead has gone.</summary>
    private static double RateOf(ulong now, ulong before, double seconds)
        => now > before ? (now - before) / seconds : 0;

    private async Task<ValidatorSample?> AskAsync(
        DevnetValidator validator, CancellationToken cancellationToken)
    {
        try
        {
            var url = validator.Plan.HttpUrl;
            var status = await _http.GetFromJsonAsync<StatusReply>(
                new Uri(url, "v1/status"), cancellationToken);
            var metrics = await _http.GetStringAsync(new Uri(url, "metrics"), cancellationToken);
            return status is null ? null : new(status, ValidatorSample.TransactionsIn(metrics));
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException or JsonException
            && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>All that the live view shows, at one moment.</summary>
internal sealed record DevnetPicture(
    ulong Height,
    double BlocksPerSecond,
    double TransactionsPerSecond,
    IReadOnlyList<double> Spark,
    IReadOnlyList<ValidatorSample?> Samples);
