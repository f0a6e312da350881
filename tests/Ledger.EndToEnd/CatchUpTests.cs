using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// A Raft follower that was away while the others went on, for longer than the leader's log reaches back.
/// </summary>
public sealed class CatchUpTests
{
    /// <summary>A leader keeps at most twice 1,024 final entries.</summary>
    private const ulong Blocks = 2_100;

    private const int SomeLoad = 40;

    [Fact]
    public async Task A_follower_away_beyond_the_leaders_log_catches_up_while_the_load_goes_on()
    {
        using var network = await TestNetwork.StartRaftAsync();
        await using Load load = new(network, clients: 8);
        await load.HearAsync(SomeLoad);
        var (leader, _) = await Leaders.OfAsync(network);
        var away = network.Nodes.First(node => node != leader);
        var left = (await away.StatusAsync()).Height;
        away.Process.Kill();
        while ((await leader.StatusAsync()).Height < left + Blocks)
        {
            await load.HearAsync(10 * SomeLoad);
        }

        var reached = (await leader.StatusAsync()).Height;
        away.Start();
        await away.ReadyAsync();
        await Eventually.HoldsAsync(
            "it has caught up", async () => (await away.StatusAsync()).Height >= reached);
        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.KeepsAsync(network, load);
    }
}
