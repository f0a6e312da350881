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
            await TestClient.FinalAsync(network.Nodes[i], client.Put($"from-{i}", $"through {network.Nodes[i].Name}"));
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
}
