using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// The transactions that wait in a simulated process: admitted by the node's rules, gossiped, and looked
/// after while any wait, so that a primary that leaves one out is suspected.
/// </summary>
internal sealed class Mempool(Simulator simulator, Life life)
{
    private static readonly TimeSpan HousekeepingEvery = TimeSpan.FromSeconds(1);

    private bool _housekeeps;
    private bool _wasPending;
    private (View View, TimeSpan Since, bool Repeated) _watched;

    public TransactionPool Pool { get; } = new(MempoolLimits.Default);

    /// <summary>From a peer or from a client; a client's is gossiped.</summary>
    public void Admit(Transaction transaction, bool gossip)
    {
        var host = life.Host;
        if (host.Ledger.HoldsTransaction(transaction.Hash) || !simulator.SignatureIsValid(transaction)
            || TransactionRules.FaultIn(transaction.Body, simulator.Genesis.ChainId) is not null
            || TransactionRules.FaultAt(transaction.Body, host.Calendar) is not null
            || host.Liar?.Takes(transaction) == false
            || Pool.TryAdd(transaction, host.Calendar, host.Elapsed) != AdmitResult.Added)
        {
            return;
        }

        OnChanged();
        life.Executor.OnTransactionReady();
        if (gossip)
        {
            Gossip([transaction]);
        }
    }

    public void OnArrived(IReadOnlyList<ReadOnlyMemory<byte>> encoded)
    {
        foreach (var one in encoded)
        {
            if (simulator.Decode(one) is { } transaction)
            {
                Admit(transaction, gossip: false);
            }
        }
    }

    /// <summary>A peer that has just come up has heard of nothing.</summary>
    public void ShowTo(Host peer)
    {
        if (Pool.Count > 0)
        {
            life.Send(peer, Pack(Pool.Oldest(1000)), simulator.Now);
        }
    }

    /// <summary>The engine is told whether work waits, and housekeeping runs while it does.</summary>
    public void OnChanged()
    {
        if (Pool.Count > 0 != _wasPending)
        {
            _wasPending = !_wasPending;
            life.Post(new Input.WorkPending(_wasPending));
        }

        if (_wasPending && !_housekeeps)
        {
            _housekeeps = true;
            life.After(HousekeepingEvery, Housekeep);
        }
    }

    /// <summary>As the node does it: see its Housekeeping.</summary>
    private void Housekeep()
    {
        _housekeeps = false;
        var (host, view) = (life.Host, life.Engine.View);
        Pool.DropExpired(host.Calendar);
        if (view != _watched.View)
        {
            _watched = (view, host.Elapsed, false);
        }

        if (Pool.Overdue(Simulator.RequestTimeout, _watched.Since, host.Elapsed).Count > 0)
        {
            life.Post(new Input.RequestOverdue(view));
        }
        else if (
            Pool.Overdue(Simulator.RequestTimeout / 2, _watched.Since, host.Elapsed) is { Count: > 0 } late)
        {
            if (!_watched.Repeated)
            {
                Gossip(late);
            }

            _watched.Repeated = true;
        }
        else
        {
            _watched.Repeated = false;
        }

        OnChanged();
    }

    private void Gossip(IReadOnlyList<Transaction> transactions)
        => life.Broadcast(Pack(transactions), simulator.Now);

    private static Parcel.Transactions Pack(IReadOnlyList<Transaction> transactions)
        => new([.. transactions.Select(transaction => transaction.Encoded)]);
}
