namespace Ledger.Cli.Shell;

/// <summary>
/// Looks again and again. For what tells nobody when it changes: a process that is not our child, a node that
/// becomes ready, figures that others count up.
/// </summary>
internal static class Polling
{
    /// <summary>Looks until it holds.</summary>
    /// <returns>False when the time was up first.</returns>
    public static async Task<bool> UntilAsync(
        Func<Task<bool>> holds, TimeSpan every, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(every);
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                return false;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return true;
    }

    /// <summary>
    /// Shows how far some work is until it has ended, however it ends: its owner awaits it.
    /// </summary>
    public static async Task WhileRunsAsync(Task work, TimeSpan every, Action show)
    {
        using PeriodicTimer timer = new(every);
        while (await Task.WhenAny(work, timer.WaitForNextTickAsync(CancellationToken.None).AsTask()) != work)
        {
            show();
        }
    }
}
