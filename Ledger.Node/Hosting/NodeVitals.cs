using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Ledger.Node.Mempool;

namespace Ledger.Node.Hosting;

/// <summary>Measures, when asked, what a doctor wants to know of this node.</summary>
internal sealed class NodeVitals(
    NodeOptions options, ValidatorDirectory directory, ConsensusLoop loop, ConsensusDiary diary,
    SharedPool pool,
    SyncLag lag)
{
    public VitalsReply Measure(bool hasQuorum)
    {
        var page = diary.Read();
        var (free, total) = Disk();
        return new(
            directory.PublicKey.ToString(),
            options.PeerListen.Port,
            Waits.For(directory.Genesis.Mode, hasQuorum, loop.Position, page.Phase, pool.Count),
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
                .. page.Votes.Index().Where(heard => directory.Validators.Contains(new(heard.Index)))
                    .Select(heard => new VoteReply(
                        directory.NameOf(new(heard.Index)), heard.Item?.Height.Value,
                        heard.Item is null ? null : Whole(heard.Item.Age))),
            ],
            [.. page.Evidence.Select(
                found => new OffenceReply(directory.NameOf(found.Validator), found.Kind, found.Count))]);
    }

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
