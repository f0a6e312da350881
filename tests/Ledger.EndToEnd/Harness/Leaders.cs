using Ledger.Node.Api;

namespace Ledger.EndToEnd.Harness;

/// <summary>Who leads a Raft network.</summary>
internal static class Leaders
{
    /// <summary>Waits until one leads and all follow it.</summary>
    public static async Task<(TestNode Leader, ulong Term)> OfAsync(TestNetwork network)
    {
        StatusReply? status = null;
        await Eventually.HoldsAsync("one leads", async () =>
        {
            var all = await Task.WhenAll(network.Nodes.Select(node => node.StatusAsync()));
            status = all.Where(one => one.IsPrimary).MaxBy(one => one.View);
            return status is not null && all.All(one => one.Primary == status.Primary);
        });
        return (network.Named(status!.Primary), status.View);
    }
}
