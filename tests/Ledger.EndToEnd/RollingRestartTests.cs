using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>The operator's verbs on real validators, as docs/operations.md tells to use them.</summary>
public sealed class RollingRestartTests
{
    private const int SomeLoad = 30;

    /// <summary>
    /// Every request ends with an answer that its client may get: what a draining node refuses, it says at
    /// once and another takes. No client is cut off, none waits in vain, and nothing acknowledged is lost.
    /// </summary>
    [Theory]
    [InlineData(ConsensusMode.Pbft)]
    [InlineData(ConsensusMode.Raft)]
    public async Task All_validators_are_restarted_one_after_the_other_and_no_request_fails(
        ConsensusMode mode)
    {
        using var network = await TestNetwork.StartAsync(mode, mode == ConsensusMode.Raft ? 3 : 4);
        await using PatientLoad load = new(network);
        await load.HearAsync(SomeLoad);
        foreach (var node in network.Nodes)
        {
            await AdminAsync(node, "drain");
            Assert.Equal("draining", (await node.StatusAsync()).State);
            node.Process.Terminate();
            Assert.Equal(0, await node.Process.ExitAsync());
            node.Start();
            await node.ReadyAsync();
            await Eventually.HoldsAsync(
                "all are connected again",
                async () => (await node.StatusAsync()).Peers == network.Nodes.Count - 1);
            await load.HearAsync(SomeLoad);
        }

        await load.StopAsync();
        Assert.Empty(load.Failures);
        await Agreement.OfAsync(network.Nodes);
    }

    [Fact]
    public async Task A_drained_node_takes_nothing_new_and_one_that_resumes_takes_it_again()
    {
        using var network = await TestNetwork.StartAsync();
        var node = network.Nodes[1];
        TestClient client = new(network);
        Assert.Contains("stop it now", await AdminAsync(node, "drain"), StringComparison.Ordinal);

        var (refused, _) = await TestClient.SubmitAsync(
            node, wait: false, [client.Put("to", "a draining node")]);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refused);
        await TestClient.FinalAsync(network.Nodes[2], client.Put("to", "another"));
        await AdminAsync(node, "resume");
        await TestClient.FinalAsync(node, client.Put("to", "the one that resumed"));
    }

    /// <summary>In both modes the others take over, without a restart of anybody.</summary>
    [Theory]
    [InlineData(ConsensusMode.Pbft)]
    [InlineData(ConsensusMode.Raft)]
    public async Task A_paused_primary_proposes_no_more_and_the_network_goes_on(ConsensusMode mode)
    {
        using var network = await TestNetwork.StartAsync(mode, mode == ConsensusMode.Raft ? 3 : 4);
        var name = (await network.Nodes[0].StatusAsync()).Primary;
        var index = network.Genesis.Validators.Members.ToList().FindIndex(
            validator => validator.Name == name);
        await AdminAsync(network.Named(name), "pause");
        var other = network.Nodes.First(node => node.Name != name);

        var final = await TestClient.FinalAsync(other, new TestClient(network).Put("proposed", "by another"));

        Assert.NotEqual(index, (await other.GetAsync<BlockReply>($"v1/blocks/{final.Height}")).Proposer);
    }

    [Fact]
    public async Task The_log_level_and_the_journal_are_an_operators_to_see()
    {
        using var network = await TestNetwork.StartAsync();
        var node = network.Nodes[0];
        await TestClient.FinalAsync(node, new TestClient(network).Put("journal", "entry"));

        Assert.Equal("information", (await AdminAsync(node, "log-level")).Trim());
        Assert.Equal("debug", (await AdminAsync(node, "log-level", "debug")).Trim());
        await node.Process.SaysAsync("The operator set the log level to debug");
        Assert.Contains(
            "accepted height 1 in view 0", await AdminAsync(node, "journal"), StringComparison.Ordinal);
        Assert.Contains("connected", await AdminAsync(node, "peers"), StringComparison.Ordinal);
    }

    private static async Task<string> AdminAsync(TestNode node, params string[] verb)
    {
        var (exitCode, output, errors) = await LedgerProcess.RunAsync(
            ["admin", .. verb, "--admin", $"http://127.0.0.1:{node.AdminPort}", "--timeout", "60"]);
        Assert.True(exitCode == 0, errors);
        return output;
    }
}
