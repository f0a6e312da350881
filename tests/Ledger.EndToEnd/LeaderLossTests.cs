using System.Diagnostics;
using System.Globalization;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// The leader is killed under load, again and again. LEDGER_LEADER_KILLS says how often; what each took is in
/// the test's output, for docs/performance.md.
/// </summary>
[Collection(Alone.Name)]
public sealed class LeaderLossTests
{
    private const int KillsDefault = 5;
    private const int SomeLoad = 40;

    private static readonly TimeSpan LeaderWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task A_new_leader_takes_over_within_a_second_and_nothing_acknowledged_is_lost()
    {
        var kills = Environment.GetEnvironmentVariable("LEDGER_LEADER_KILLS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : KillsDefault;
        using var network = await TestNetwork.StartRaftAsync();
        await using Load load = new(network, clients: 8);
        List<TimeSpan> leaderless = [];
        List<TimeSpan> silent = [];
        for (var kill = 0; kill < kills; kill++)
        {
            await load.HearAsync(SomeLoad);
            var (leader, term) = await Leaders.OfAsync(network);
            leader.Process.Kill();
            var since = Stopwatch.StartNew();
            var heard = load.HearAsync(1);
            await LedAgainAsync(network.Nodes.Where(node => node != leader), term);
            leaderless.Add(since.Elapsed);
            await heard;
            silent.Add(since.Elapsed);
            leader.Start();
            await leader.ReadyAsync();
        }

        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.KeepsAsync(network, load);
        Print("until another leads", leaderless);
        Print("until a client has an answer again", silent);
        Assert.True(Median(leaderless) < LeaderWithin, $"{Median(leaderless)}");
    }

    /// <summary>Looks every few milliseconds, so what is measured is too long by no more than that.</summary>
    private static async Task LedAgainAsync(IEnumerable<TestNode> survivors, ulong term)
    {
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        using PeriodicTimer timer = new(LookEvery);
        while (!(await Task.WhenAll(survivors.Select(node => node.StatusAsync())))
            .Any(status => status.IsPrimary && status.View > term))
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static void Print(string what, List<TimeSpan> times)
        => TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: of {times.Count} kills, least {times.Min().TotalMilliseconds:0} ms, median "
            + $"{Median(times).TotalMilliseconds:0} ms, most {times.Max().TotalMilliseconds:0} ms, "
            + $"{times.Count(time => time > LeaderWithin)} above {LeaderWithin.TotalMilliseconds:0} ms");
}
