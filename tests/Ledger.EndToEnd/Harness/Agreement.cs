using Ledger.Node.Api;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// What a ledger is for: all who have a block at a height have the same one, and the same state after it.
/// </summary>
internal static class Agreement
{
    private const int BlocksPerAnswer = 100;

    /// <summary>
    /// Waits until all have the same height, then compares every block that they ever made final.
    /// </summary>
    /// <returns>The chain that they agree on.</returns>
    public static async Task<IReadOnlyList<BlockReply>> OfAsync(IReadOnlyList<TestNode> nodes)
    {
        await Eventually.HoldsAsync("all validators have the same height and nothing waits", async () =>
        {
            var all = await Task.WhenAll(nodes.Select(node => node.StatusAsync()));
            return all.All(status => status.Height == all[0].Height && status.MempoolTransactions == 0);
        });
        var chain = await ChainOfAsync(nodes[0]);
        foreach (var node in nodes.Skip(1))
        {
            Assert.Equal(chain.Select(Essence), (await ChainOfAsync(node)).Select(Essence));
        }

        return chain;
    }

    public static async Task<IReadOnlyList<BlockReply>> ChainOfAsync(TestNode node)
    {
        List<BlockReply> chain = [];
        while (true)
        {
            var more = await node.GetAsync<BlockReply[]>(
                $"v1/blocks?from={chain.Count}&to={chain.Count + BlocksPerAnswer - 1}");
            chain.AddRange(more);
            if (more.Length < BlocksPerAnswer)
            {
                return chain;
            }
        }
    }

    /// <summary>
    /// Every acknowledged transaction is on every node, at the height that its client was told.
    /// </summary>
    public static async Task KeepsAsync(TestNetwork network, Load load)
    {
        await OfAsync(network.Nodes);
        foreach (var node in network.Nodes)
        {
            var chain = (await ChainOfAsync(node)).Where(block => block.TransactionCount > 0).ToList();
            Dictionary<string, ulong> places = [];
            foreach (var block in chain)
            {
                var whole = await node.GetAsync<BlockReply>($"v1/blocks/{block.Height}");
                foreach (var hash in whole.Transactions!)
                {
                    Assert.True(places.TryAdd(hash, block.Height), $"{hash} is in two blocks of {node.Name}");
                }
            }

            Assert.All(load.Acknowledged, acknowledged =>
                Assert.Equal(acknowledged.Value, places[acknowledged.Key.ToString()]));
        }
    }

    private static (ulong Height, string Hash, string StateRoot, string ReceiptsRoot) Essence(
        BlockReply block)
        => (block.Height, block.Hash, block.StateRoot, block.ReceiptsRoot);
}
