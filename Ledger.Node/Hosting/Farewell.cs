using Ledger.Node.Consensus;
using Ledger.Node.Transport;

namespace Ledger.Node.Hosting;

/// <summary>
/// Who proposes, and is to stop or to rest, lets another do so first if it can: nobody misses it.
/// </summary>
internal sealed class Farewell(
    IConsensusProtocol protocol, ConsensusLoop loop, ValidatorDirectory directory, PeerNetwork network,
    TimeProvider clock)
{
    /// <summary>How long a node that stops waits for another to propose in its place.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);

    /// <returns>Whether there was something to hand over, and a way to.</returns>
    public bool Say()
    {
        if (protocol.HandOver(to: null) is not { } handOver || !loop.Position.IsPrimary)
        {
            return false;
        }

        loop.Post(handOver);
        return true;
    }

    /// <summary>The same, and waits a moment for the other.</summary>
    public async Task SayAndWaitAsync()
    {
        if (network.Connected.Count == 0 || !Say())
        {
            return;
        }

        var since = clock.GetTimestamp();
        using PeriodicTimer timer = new(LookEvery, clock);
        while ((loop.Position.Primary is not { } other || other == directory.Self)
            && clock.GetElapsedTime(since) < Patience)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
