using System.Text.Json;
using Ledger.Core;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>An operator moves the leadership while clients write.</summary>
public sealed class TransferTests
{
    private const int SomeLoad = 40;

    [Fact]
    public async Task Leadership_moves_to_whom_the_operator_names_and_no_client_notices()
    {
        using var network = await TestNetwork.StartRaftAsync();
        await using Load load = new(network);
        for (var round = 0; round < 3; round++)
        {
            await load.HearAsync(SomeLoad);
            var (leader, term) = await Leaders.OfAsync(network);
            var to = network.Nodes.First(node => node != leader);

            var (exitCode, output, errors) = await TransferAsync(leader, "--to", to.Name, "--json");

            Assert.True(exitCode == 0, errors);
            var reply = JsonDocument.Parse(output).RootElement;
            Assert.Equal(
                (to.Name, term + 1),
                (reply.GetProperty("leader").GetString(), reply.GetProperty("term").GetUInt64()));
            Assert.Equal(to, (await Leaders.OfAsync(network)).Leader);
        }

        await load.HearAsync(SomeLoad);
        await load.StopAsync();
        await Agreement.KeepsAsync(network, load);
    }

    [Fact]
    public async Task What_cannot_be_transferred_is_refused_with_the_reason()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var (leader, _) = await Leaders.OfAsync(network);
        var follower = network.Nodes.First(node => node != leader);

        await RefusedAsync(follower, $"this validator does not lead; {leader.Name} does, ask it");
        await RefusedAsync(leader, "it leads already", "--to", leader.Name);
        await RefusedAsync(
            leader, "no validator is called 'nobody'; there are validator-1, validator-2", "--to", "nobody");
    }

    [Fact]
    public async Task A_validator_alone_has_nobody_to_hand_over_to()
    {
        using var network = await TestNetwork.StartRaftAsync(1);
        await RefusedAsync(network.Nodes[0], "there is no other voter that keeps blocks");
    }

    [Fact]
    public async Task In_PBFT_nobody_chooses_who_proposes()
    {
        using var network = TestNetwork.Create(1, ConsensusMode.Pbft);
        await network.StartAllAsync();
        await RefusedAsync(network.Nodes[0], "this network runs PBFT");
    }

    private static async Task RefusedAsync(TestNode node, string why, params string[] arguments)
    {
        var (exitCode, _, errors) = await TransferAsync(node, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Errors)> TransferAsync(
        TestNode node, params string[] arguments)
        => LedgerProcess.RunAsync(
            ["admin", "transfer-leadership", "--admin", $"http://127.0.0.1:{node.AdminPort}", .. arguments]);
}
