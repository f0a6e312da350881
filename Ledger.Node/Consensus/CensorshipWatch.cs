using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Consensus;

/// <summary>
/// PBFT: a transaction that the primary passes over is offered to all again at half of the request timeout,
/// and after all of it the primary is left.
/// </summary>
internal sealed class CensorshipWatch(
    SharedPool pool, TransactionGossip gossip, ConsensusLoop loop, TimeSpan requestTimeout) : IPrimaryWatch
{
    private View _view;
    private TimeSpan _viewSince = pool.Elapsed;
    private bool _repeated;

    public void Look(ConsensusPosition position)
    {
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
                gossip.Broadcast([.. late.Take(TransactionGossip.RepeatMax)]);
            }

            _repeated = true;
        }
        else
        {
            _repeated = false;
        }
    }
}
