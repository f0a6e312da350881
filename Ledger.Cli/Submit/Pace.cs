using System.Diagnostics;

namespace Ledger.Cli.Submit;

/// <summary>Spreads work evenly over time: so many a second, in batches of at most a tenth of that.</summary>
internal sealed class Pace(int? perSecond)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _taken;

    public int BatchOf(int largest) => perSecond is { } rate ? Math.Clamp(rate / 10, 1, largest) : largest;

    /// <summary>Returns when the next <paramref name="count"/> are due.</summary>
    public async Task TakeAsync(int count, CancellationToken cancellationToken)
    {
        if (perSecond is not { } rate)
        {
            return;
        }

        var wait = TimeSpan.FromSeconds((double)_taken / rate) - _watch.Elapsed;
        _taken += count;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, cancellationToken);
        }
    }
}
