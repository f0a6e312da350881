using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Hosting;

/// <summary>
/// Once a second: drops transactions that have expired, and looks for one that the primary passes over. It is offered
/// to all again at half of the request timeout, and after all of it the primary is left.
/// </summary>
internal sealed class Housekeeping(
    SharedPool pool, TransactionGossip gossip, ConsensusLoop loop, TimeSpan requestTimeout, TimeProvider clock)
{
    /// <summary>Transactions offered again at once.</summary>
    public const int RepeatMax = 1000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private View _view;
    private TimeSpan _viewSince = pool.Elapsed;
    private bool _repeated;

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
        var position = loop.Position;
        if (position.View != _view)
        {
            (_view, _viewSince, _repeated) = (position.View, pool.Elapsed, false);
        }

        if (pool.Overdue(requestTimeout, _viewSince).Count > 0)
        {
            loop.Post(new Input.RequestOverdue(position.View));
        }
        else if (pool.Overdue(requestTimeout / 2, _viewSince) is { Count: > 0 } late)
        {
            if (!_repeated)
            {
                gossip.Broadcast([.. late.Take(RepeatMax)]);
            }

            _repeated = true;
        }
        else
        {
            _repeated = false;
        }
    }
}
