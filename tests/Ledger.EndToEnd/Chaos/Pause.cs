namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// Time that must pass because it is itself the fault: a slow line, a validator that is gone for a while.
/// </summary>
internal static class Pause
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    public static async Task ForAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        if (time >= Least)
        {
            using PeriodicTimer timer = new(time);
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
