using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Core;
using Ledger.EndToEnd.Chaos;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Linearizable reads of real validators: never older than what anyone was told, or refused in words.
/// </summary>
public sealed class ReadTests
{
    private const int Rounds = 20;
    private const string Linearizable = "v1/state/e2e/key?consistency=linearizable";

    [Theory]
    [InlineData(ConsensusMode.Pbft, 4)]
    [InlineData(ConsensusMode.Raft, 3)]
    [InlineData(ConsensusMode.Raft, 1)]
    public async Task What_one_validator_has_acknowledged_all_others_show_at_once(
        ConsensusMode mode, int validators)
    {
        using var network = TestNetwork.Create(validators, mode);
        await network.StartAllAsync();
        TestClient client = new(network);
        for (var round = 0; round < Rounds; round++)
        {
            var written = await TestClient.FinalAsync(
                network.Nodes[round % validators], client.Put("key", $"value {round}"));
            var shown = await Task.WhenAll(
                network.Nodes.Select(node => node.GetAsync<StateReply>(Linearizable)));
            Assert.All(
                shown, state => Assert.Equal(
                    ($"value {round}", written.Height), (state.ValueText, state.Version)));
        }
    }

    [Fact]
    public async Task A_leader_with_a_lease_answers_as_truly()
    {
        using var network = await TestNetwork.StartRaftAsync(3, "consensus.leaseReads=on");
        TestClient client = new(network);
        for (var round = 0; round < Rounds; round++)
        {
            await TestClient.FinalAsync(network.Nodes[round % 3], client.Put("key", $"value {round}"));
            var shown = await Task.WhenAll(
                network.Nodes.Select(node => node.GetAsync<StateReply>(Linearizable)));
            Assert.All(shown, state => Assert.Equal($"value {round}", state.ValueText));
        }
    }

    /// <summary>Who is cut off, in Raft the leader, cannot know what the others decide without it.</summary>
    [Theory]
    [InlineData(ConsensusMode.Pbft, 4, "validators that make a quorum answered")]
    [InlineData(ConsensusMode.Raft, 3, "no leader is known")]
    public async Task A_minority_refuses_writes_and_linearizable_reads_and_says_why(
        ConsensusMode mode, int validators, string why)
    {
        using var network = TestNetwork.Create(validators, mode);
        await using FaultyNetwork faulty = new(network.Nodes, seed: 1);
        await network.StartAllAsync();
        TestClient client = new(network);
        await TestClient.FinalAsync(network.Nodes[1], client.Put("key", "before"));
        var cut = network.Named((await network.Nodes[0].StatusAsync()).Primary);
        var others = network.Nodes.Where(node => node != cut).ToList();
        faulty.Part(node => network.Nodes[node] == cut);
        await TestClient.FinalAsync(others[0], client.Put("key", "after"));

        var (status, problem) = await ReadAsync(cut);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "no_quorum"),
            (status, problem.GetProperty("code").GetString()));
        Assert.Contains(why, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var local = await cut.GetAsync<StateReply>("v1/state/e2e/key?consistency=local");
        Assert.Equal("before", local.ValueText);
        var shown = await Task.WhenAll(others.Select(node => node.GetAsync<StateReply>(Linearizable)));
        Assert.All(shown, state => Assert.Equal("after", state.ValueText));

        // The transport gives up a silent peer after 10 s; then the node knows of itself how few it reaches.
        await Eventually.HoldsAsync("it knows", async () => (await cut.StatusAsync()).Peers == 0);
        var (accepted, replies) = await TestClient.SubmitAsync(
            cut, wait: true, [client.Put("key", "too few")], waitMs: 500);
        var reply = Assert.Single(replies);
        Assert.Equal((HttpStatusCode.Accepted, "pending", "no_quorum"), (accepted, reply.Status, reply.Code));
        Assert.StartsWith("this validator reaches 1 of the ", reply.Reason, StringComparison.Ordinal);

        faulty.Heal();
        await Eventually.HoldsAsync(
            "it serves reads again", async () => (await ReadAsync(cut)).Status == HttpStatusCode.OK);
        await Agreement.OfAsync(network.Nodes);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Reply)> ReadAsync(TestNode node)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, Linearizable));
        using var response = await node.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }
}
