using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Consensus;
using Ledger.Node.Sync;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>Asks, while a validator must be silent, whether it still must.</summary>
internal sealed class SilenceWatch(
    ISilence silence,
    SnapshotClient client,
    LedgerStore store,
    ConsensusLoop loop,
    TimeProvider clock,
    ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>What binds the validator when the silence has ended.</summary>
    public IReadOnlyList<JournalRecord>? Oath { get; private set; }

    public void Heard(Verified message) => silence.Heard(message);

    /// <summary>Returns when the validator may speak.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            string? told = null;
            using var timer = new PeriodicTimer(Period, clock);
            while (Oath is null && await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                foreach (var (peer, offer) in await client.OffersAsync(store.Head!.Height, stoppingToken)
                    .ConfigureAwait(false))
                {
                    silence.PeerIsIn(peer, offer.View, offer.Head);
                }

                Oath = silence.MayEnd(store.Head!.Height, loop.Position);
                if (Oath is null && silence.WaitsFor() is var wish && wish != told)
                {
                    told = wish;
                    NodeLog.WaitsInSilence(logger, wish);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; it is silent when it starts again.
        }
    }
}
