using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

public sealed class AgreementTests
{
    [Fact]
    public async Task Four_validators_come_up_and_a_put_can_be_read_on_all_of_them()
    {
        using var network = await TestNetwork.StartAsync();
        TestClient client = new(network);

        for (var i = 0; i < network.Nodes.Count; i++)
        {
            await TestClient.FinalAsync(
                network.Nodes[i], client.Put($"from-{i}", $"through {network.Nodes[i].Name}"));
        }

        var chain = await Agreement.OfAsync(network.Nodes);
        Assert.Equal(4, chain.Sum(block => block.TransactionCount));
        foreach (var node in network.Nodes)
        {
            for (var i = 0; i < network.Nodes.Count; i++)
            {
                var state = await node.GetAsync<StateReply>($"v1/state/e2e/from-{i}");
                Assert.Equal($"through {network.Nodes[i].Name}", state.ValueText);
            }
        }
    }

    [Fact]
    public async Task After_a_storm_through_all_of_them_they_agree_nothing_waits_and_silence_returns()
    {
        using var network = await TestNetwork.StartAsync();
        var (exitCode, _, errors) = await LedgerProcess.RunAsync(
        [
            "bench", "--duration", "4", "--clients", "8", "--key", network.AdminKeyPath, "--json",
            .. network.Nodes.SelectMany(node => new[] { "--node", node.HttpUrl.ToString() }),
        ]);
        Assert.True(exitCode == 0, errors);

        await Agreement.OfAsync(network.Nodes);
        foreach (var node in network.Nodes)
        {
            Assert.Equal(0, await node.MetricAsync("ledger_mempool_bytes"));
            Assert.Equal(0, await node.MetricAsync("ledger_evidence_total"));
            Assert.Equal("ready", (await node.StatusAsync()).State);
        }
    }
}
