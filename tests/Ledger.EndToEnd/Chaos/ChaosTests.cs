using System.Diagnostics;
using System.Globalization;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Simulation;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// Real validators that are killed, frozen, parted and slowed down while clients write and read.
/// LEDGER_CHAOS_SECONDS makes each run longer, LEDGER_CHAOS_SEED draws the same faults again: the machine's
/// own timing is not in the seed.
/// </summary>
public sealed class ChaosTests
{
    private const int Validators = 4;
    private const int SecondsDefault = 20;
    private const int SomeOperations = 10;

    [Theory]
    [InlineData(ConsensusMode.Pbft)]
    [InlineData(ConsensusMode.Raft)]
    public async Task Under_chaos_nothing_acknowledged_is_lost_all_agree_and_the_history_is_linearizable(
        ConsensusMode mode)
    {
        var seed = FromEnvironment("LEDGER_CHAOS_SEED", Random.Shared.Next());
        var lasts = TimeSpan.FromSeconds(FromEnvironment("LEDGER_CHAOS_SECONDS", SecondsDefault));
        ChaosRecord record = new(mode, seed);
        record.Print($"{mode}: LEDGER_CHAOS_SEED={seed} LEDGER_CHAOS_SECONDS={lasts.TotalSeconds:0}");

        using var network = TestNetwork.Create(Validators, mode);
        await using FaultyNetwork faulty = new(network.Nodes, seed);
        foreach (var node in network.Nodes)
        {
            node.Settings.AddRange(["consensus.viewTimeoutMs=500", "consensus.viewTimeoutMaxMs=4000"]);
        }

        await network.StartAllAsync();
        await using ChaosClients clients = new(network, seed);
        try
        {
            await clients.HearAsync(SomeOperations);
            ChaosDriver driver = new(network.Nodes, faulty, record.Note);
            await RunAsync(new(seed, Validators), driver, clients, lasts, record);
            await clients.HearAsync(SomeOperations);
            await clients.FinishAsync();
            await AssertKeptAsync(network, clients, record);
        }
        catch
        {
            record.Keep(clients.History, network.Nodes);
            throw;
        }
    }

    private static async Task RunAsync(
        ChaosPlan plan, ChaosDriver driver, ChaosClients clients, TimeSpan lasts, ChaosRecord record)
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < lasts;)
        {
            var round = plan.Next();
            record.Print($"{since.Elapsed.TotalSeconds,5:0.0} s: {round}");
            await driver.RunAsync(round);
            if (round.Recovers)
            {
                await clients.HearAsync(SomeOperations);
            }
        }
    }

    private static async Task AssertKeptAsync(TestNetwork network, ChaosClients clients, ChaosRecord record)
    {
        var history = clients.History;
        Assert.All(history, operation => Assert.NotNull(operation.Returned));
        Assert.Equal(
            Enum.GetValues<KeyAction>(), history.Select(operation => operation.Action).Distinct().Order());

        var agreed = await Agreement.OfAsync(network.Nodes);
        foreach (var node in network.Nodes)
        {
            var chain = await FinalChain.ReadAsync(node, agreed[^1].Height);
            Assert.All(clients.Acknowledged.Values, told =>
            {
                Assert.True(
                    chain.Transactions.TryGetValue(told.Hash, out var kept), $"{node.Name} has lost {told}");
                Assert.Equal(
                    (told.Height, told.Index, told.Applied), (kept.Height, kept.Index, kept.Applied));
            });
        }

        var broken = LinearizabilityChecker.FindViolation(history);
        Assert.True(
            broken is null, $"The operations on {broken} have no order in which they could have happened.");
        record.Print($"{history.Count} operations, {agreed.Count} blocks, view {agreed[^1].View}");
    }

    private static int FromEnvironment(string name, int otherwise)
        => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
