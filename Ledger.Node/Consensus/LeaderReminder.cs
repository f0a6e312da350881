using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Consensus;

/// <summary>
/// Raft: only the leader packs transactions, and gossip may lose one on the way to it. What waits here for
/// longer than a working leader takes is sent to it again, whoever leads by then.
/// </summary>
internal sealed class LeaderReminder(SharedPool pool, TransactionGossip gossip) : IPrimaryWatch
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public void Look(ConsensusPosition position)
    {
        if (position is { IsPrimary: false, Primary: { } leader }
            && pool.WaitingFor(Patience, TransactionGossip.RepeatMax) is { Count: > 0 } late)
        {
            gossip.SendTo(leader, late);
        }
    }
}
