using System.Net;
using System.Net.Sockets;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Tests;

/// <summary>Of several nodes that are named, one that hangs costs a moment and not the whole time.</summary>
public sealed class SilentNodeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Beside_a_node_that_takes_connections_and_says_nothing_the_next_is_asked()
    {
        using var silent = Silent();
        await using var node = await FakeNode.StartAsync();

        var said = await PutAsync(Url(silent), node.Url);

        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        Assert.Equal(1, node.Applications["k"]);
    }

    [Fact]
    public async Task What_a_node_took_and_did_not_answer_for_is_the_same_transaction_at_the_next()
    {
        await using var hangs = await FakeNode.StartAsync();
        await using var node = await FakeNode.StartAsync();
        hangs.BeforeAnswer = (_, context) => FakeNode.UntilGoneAsync(context);

        var said = await PutAsync(hangs.Url, node.Url);

        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        Assert.Equal((1, 1), (hangs.Applications["k"], node.Applications["k"]));
        Assert.Equal(hangs.Hashes, node.Hashes);
    }

    [Fact]
    public async Task When_all_are_silent_all_are_named()
    {
        using var one = Silent();
        using var two = Silent();

        Tool.AssertRefused(
            await PutAsync(Url(one), Url(two)), ExitCode.TimedOut,
            $"no answer from {Url(one)}/, {Url(two)}/ within 2 s");
    }

    /// <summary>The kernel takes the connections, and nobody reads them.</summary>
    private static TcpListener Silent()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static string Url(TcpListener listener) => $"http://{listener.LocalEndpoint}";

    private async Task<Said> PutAsync(params string[] nodes)
    {
        var key = _folder.Sub("client.key.json");
        await Tool.RunAsync("keys", "new", "--out", key);
        return await Tool.RunAsync(
            ["tx", "put", "n", "k", "v", "--key", key, "--timeout", "2",
                .. nodes.SelectMany(node => new[] { "--node", node })]);
    }
}
