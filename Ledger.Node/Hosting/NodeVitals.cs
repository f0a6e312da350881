using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Ledger.Node.Mempool;

namespace Ledger.Node.Hosting;

/// <summary>Measures, when asked, what a doctor wants to know of this node.</summary>
internal sealed class NodeVitals(
    NodeOptions options, Genesis genesis, ValidatorIndex self, ConsensusLoop loop, ConsensusDiary diary, SharedPool pool,
    SyncLag lag)
{
    public VitalsReply Measure(bool hasQuorum)
    {
        var page = diary.Read();
        var (free, total) = Disk();
        return new(
            genesis.Validators[self].PublicKey.ToString(),
            options.PeerListen.Port,
            Waits.For(genesis.Mode, hasQuorum, loop.Position, page.Phase, pool.Count),
            page.Phase?.Height.Value,
            Whole(page.SinceFinal),
            Whole(loop.SinceLastTurn),
            Whole(pool.OldestWaited),
            options.Mempool.MaxTransactions,
            options.Mempool.MaxBytes,
            free,
            total,
            page.SyncMean.TotalMilliseconds,
            page.SyncMax.TotalMilliseconds,
            lag.Blocks,
            [
                .. page.Votes.Select((vote, i) => new VoteReply(
                    NameOf(new(i)), vote?.Height.Value, vote is null ? null : Whole(vote.Age))),
            ],
            [.. page.Evidence.Select(found => new OffenceReply(NameOf(found.Validator), found.Kind, found.Count))]);
    }

    private string NameOf(ValidatorIndex validator) => genesis.Validators[validator].Name;

    /// <summary>A disk that cannot be asked is one that has nothing left.</summary>
    private (long Free, long Total) Disk()
    {
        try
        {
            DriveInfo drive = new(options.DataDir);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (0, 0);
        }
    }

    private static long Whole(TimeSpan time) => (long)time.TotalMilliseconds;
}
