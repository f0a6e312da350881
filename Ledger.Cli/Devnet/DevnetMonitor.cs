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
    private readonly DateTimeOffset?[] _lastBlock = new DateTimeOffset?[validators.Count];
    private readonly ulong[] _lastHeight = new ulong[validators.Count];

    public async Task<DevnetPicture> SampleAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var samples = await Task.WhenAll(validators.Select(v => AskAsync(v, cancellationToken)));
        for (var i = 0; i < samples.Length; i++)
        {
            if (samples[i] is { } sample && sample.Height != _lastHeight[i])
            {
                // The first height seen is of a block made at some time before: its age is not known.
                _lastBlock[i] = _lastHeight[i] == 0 && sample.Height > 1 ? null : now;
                _lastHeight[i] = sample.Height;
            }
        }

        return Draw(now, samples);
    }

    public void Dispose() => _http.Dispose();

    private DevnetPicture Draw(DateTimeOffset now, ValidatorSample?[] samples)
    {
        var height = samples.Max(sample => sample?.Height ?? 0);
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
            height, RateOf(height, first.Height, seconds), perSecond, transactions, [.. _spark], samples,
            [.. _lastBlock.Select(at => at is { } time ? now - time : (TimeSpan?)null)]);
    }

    /// <summary>Zero, not less, when the node that was ahead has gone.</summary>
    private static double RateOf(ulong now, ulong before, double seconds)
        => now > before ? (now - before) / seconds : 0;

    private async Task<ValidatorSample?> AskAsync(DevnetValidator validator, CancellationToken cancellationToken)
    {
        try
        {
            using var ready = await _http.GetAsync(new Uri(validator.Plan.HttpUrl, "readyz"), cancellationToken);
            var metrics = await _http.GetStringAsync(new Uri(validator.Plan.HttpUrl, "metrics"), cancellationToken);
            return ValidatorSample.Parse(metrics, ready.IsSuccessStatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException
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
    ulong Transactions,
    IReadOnlyList<double> Spark,
    IReadOnlyList<ValidatorSample?> Samples,
    IReadOnlyList<TimeSpan?> BlockAges);
