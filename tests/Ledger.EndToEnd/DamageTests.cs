using System.Net;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// A disk that changes what was written: the node that finds out stops and says what to do.
/// </summary>
public sealed class DamageTests
{
    /// <summary>
    /// Whole by its own measure, it would let the validator say otherwise than it has said.
    /// </summary>
    [Fact]
    public async Task A_journal_whose_log_was_cut_to_nothing_is_refused_at_the_start()
    {
        using var network = await TestNetwork.StartAsync(1);
        var node = network.Nodes[0];
        TestClient client = new(network);
        for (var life = 0; life < 2; life++)
        {
            await TestClient.FinalAsync(node, client.Put("key", $"value {life}"));
            node.Process.Terminate();
            Assert.Equal(0, await node.Process.ExitAsync());
            if (life == 0)
            {
                node.Start();
                await node.ReadyAsync();
            }
        }

        foreach (var log in Directory.GetFiles(Path.Combine(node.DataPath, "journal"), "*.log"))
        {
            File.WriteAllBytes(log, []);
        }

        node.Start();

        Assert.Equal(1, await node.Process.ExitAsync());
        Assert.Contains("lost its newest records", node.Process.Errors, StringComparison.Ordinal);
        Assert.Contains("must not vote", node.Process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_that_meets_a_damaged_table_stops_the_node_which_names_the_file_and_the_remedy()
    {
        using var network = await TestNetwork.StartAsync(1);
        var node = network.Nodes[0];
        TestClient client = new(network);
        var (_, replies) = await TestClient.SubmitAsync(node, wait: true, [client.Put("key", "value")]);
        Assert.Equal("final", Assert.Single(replies).Status);

        // Opened again, the store has it in tables; nothing of the first block is in memory then.
        node.Process.Terminate();
        Assert.Equal(0, await node.Process.ExitAsync());
        node.Start();
        await node.ReadyAsync();
        foreach (var table in Directory.GetFiles(Path.Combine(node.DataPath, "ledger"), "*.sst"))
        {
            using var file = new FileStream(table, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Position = 3;
            file.WriteByte(0xee);
        }

        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, "v1/blocks/1"));
        using var response = await node.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"code\":\"damaged\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", body, StringComparison.Ordinal);
        Assert.Equal(1, await node.Process.ExitAsync());
        Assert.Contains(
            "The node cannot go on: The ledger in", node.Process.Output, StringComparison.Ordinal);
        Assert.Contains(".sst", node.Process.Output, StringComparison.Ordinal);
        Assert.Contains(
            "let the node fetch the chain from its peers", node.Process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", node.Process.Output, StringComparison.Ordinal);
    }
}
