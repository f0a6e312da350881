using Ledger.Node.Consensus;
using Ledger.Node.Mempool;

namespace Ledger.Node.Hosting;

/// <summary>
/// Once a second: drops transactions that have expired, and looks after those that wait for too long.
/// </summary>
internal sealed class Housekeeping(
    SharedPool pool, ConsensusLoop loop, IPrimaryWatch watch, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    /// <summary>One look, as every second brings it.</summary>
    internal void Look()
    {
        pool.DropExpired();
        watch.Look(loop.Position);
    }
}
