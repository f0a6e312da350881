using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Two machines that keep blocks and a small one that only votes: any one of them may fail.
/// </summary>
public sealed class WitnessTests
{
    /// <summary>
    /// Of its data folder, for ever: two empty databases and a journal that is written anew.
    /// </summary>
    private const long FolderBytesMax = 4 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task One_full_node_goes_on_with_the_witness_and_the_other_catches_up_when_it_is_back()
    {
        using var network = await TestNetwork.StartWithWitnessesAsync(validators: 3, witnesses: 1);
        var (first, second, witness) = (network.Nodes[0], network.Nodes[1], network.Nodes[2]);
        TestClient client = new(network);
        await TestClient.FinalAsync(first, client.Put("both", "1"));

        // Whoever leads dies: the witness votes for the other.
        foreach (var (dead, left) in new[] { (second, first), (first, second) })
        {
            dead.Process.Kill();
            var alone = client.Put($"without {dead.Name}", "1");
            await TestClient.FinalAsync(left, alone);
            var status = await left.StatusAsync();
            Assert.True(status.IsPrimary);
            var receipt = await left.GetAsync<ReceiptReply>($"v1/receipts/{alone.Hash}");
            Assert.Equal(new[] { left.Name, witness.Name }, receipt.Certificate!.Signers.Order());
            await Receipts.HoldAsync(left, left.GenesisPath, alone);
            dead.Start();
            await dead.ReadyAsync();
            await Eventually.HoldsAsync("it has caught up", async () =>
            {
                var (one, other) = (await dead.StatusAsync(), await left.StatusAsync());
                return one.Height == other.Height && one.StateRoot == other.StateRoot;
            });
        }

        // A witness that dies loses nothing that it has promised.
        witness.Process.Kill();
        await TestClient.FinalAsync(first, client.Put("without the witness", "1"));
        witness.Start();
        await witness.ReadyAsync();
        second.Process.Kill();
        await TestClient.FinalAsync(first, client.Put("with the witness again", "1"));
    }

    [Fact]
    public async Task A_witness_never_leads_and_alone_with_nobody_who_keeps_blocks_nothing_goes_on()
    {
        using var network = await TestNetwork.StartWithWitnessesAsync(validators: 3, witnesses: 2);
        TestClient client = new(network);
        await TestClient.FinalAsync(network.Nodes[0], client.Put("before", "1"));
        network.Nodes[0].Process.Kill();
        await Eventually.HoldsAsync("they know no leader", async () =>
            await network.Nodes[1].StatusAsync() is { Primary: null, State: "waiting" });
        network.Nodes[0].Start();
        await network.Nodes[0].ReadyAsync();
        await TestClient.FinalAsync(network.Nodes[0], client.Put("after", "1"));
    }

    [Fact]
    public async Task A_witness_keeps_no_blocks_says_what_it_is_and_sends_clients_elsewhere()
    {
        using var network = await TestNetwork.StartWithWitnessesAsync(validators: 3, witnesses: 1);
        var (first, witness) = (network.Nodes[0], network.Nodes[2]);
        await using (Load load = new(network, clients: 8))
        {
            await load.HearAsync(1_000);
            await load.StopAsync();
        }

        await Eventually.HoldsAsync("it knows how far the others are", async () =>
            await witness.StatusAsync() is { State: "ready" } now
            && now.Height == (await first.StatusAsync()).Height);
        var status = await witness.StatusAsync();
        Assert.Equal((ValidatorReply.Witness, "", ""), (status.Role, status.HeadHash, status.StateRoot));
        var members = await witness.GetAsync<ValidatorReply[]>("v1/validators");
        Assert.Equal(
            [ValidatorReply.Voter, ValidatorReply.Voter, ValidatorReply.Witness], members.Select(
                member => member.Role));
        Assert.Equal(
            members.Select(member => member.Role),
            (await first.GetAsync<ValidatorReply[]>("v1/validators")).Select(member => member.Role));

        foreach (var path in (string[])["v1/blocks/latest", "v1/state/notes/a", "v1/transactions/00",
            "v1/events", "v1/headers?from=1"])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(witness.HttpUrl, path));
            using var response = await witness.SendAsync(request);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            var problem = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Json);
            Assert.Equal("witness", problem!["code"].GetString());
            Assert.Contains(
                "ask validator-1 or validator-2", problem["detail"].GetString()!, StringComparison.Ordinal);
        }

        // A client that names it first is served by the next.
        var (exitCode, _, errors) = await LedgerProcess.RunAsync(
            "tx", "put", "notes", "a", "1", "--key", network.AdminKeyPath, "--node",
            witness.HttpUrl.ToString(), "--node",
            first.HttpUrl.ToString());
        Assert.True(exitCode == 0, errors);
        Assert.True(BytesIn(witness.DataPath) < FolderBytesMax,
            $"{BytesIn(witness.DataPath)} bytes in {witness.DataPath}");
    }

    [Fact]
    public async Task A_witness_is_added_and_removed_under_load_and_learns_of_those_who_come_after_it()
    {
        using var network = await TestNetwork.StartRaftAsync(validators: 2);
        var (first, second) = (network.Nodes[0], network.Nodes[1]);
        using var witness = network.Newcomer("witness");
        witness.Settings.Add("peers.join=witness");
        witness.Start();
        await witness.Process.SaysAsync("HTTP API on");
        using var third = network.Newcomer("validator-3");
        third.Settings.Add("peers.join=yes");
        third.Start();
        await third.Process.SaysAsync("HTTP API on");

        await using Load load = new(network);
        await load.HearAsync(40);
        await ChangeAsync(network, network.Nodes, "add", witness.Name, witness.KeyPath,
            witness.PeerAddress.ToString(), "--witness");
        await witness.ReadyAsync();
        Assert.Equal(ValidatorReply.Witness, (await witness.StatusAsync()).Role);
        var fault = await ChangeFaultAsync(network, network.Nodes, "promote", witness.Name);
        Assert.Contains(
            "witness is a witness, which votes already and keeps no blocks", fault, StringComparison.Ordinal);

        // With the witness's vote one machine may fail; it is told of those who are seated later, and knows
        // them after a restart.
        second.Process.Kill();
        await load.HearAsync(40);
        second.Start();
        await second.ReadyAsync();
        await ChangeAsync(
            network, network.Nodes, "add", third.Name, third.KeyPath, third.PeerAddress.ToString());
        await third.ReadyAsync();
        await EventuallyChangesAsync(network, network.Nodes, "promote", third.Name);
        witness.Process.Kill();
        witness.Start();
        await witness.ReadyAsync();
        Assert.Contains(
            (await witness.StatusAsync()).PeerList, peer => peer.Name == third.Name && peer.Connected);
        await ChangeAsync(network, network.Nodes, "remove", second.Name);
        TestNode[] left = [first, third];
        Assert.Contains(
            "one voter at least must keep blocks",
            await ChangeFaultAsync(network, left, "remove", $"{first.Name},{third.Name}"),
            StringComparison.Ordinal);
        await ChangeAsync(network, left, "remove", witness.Name);
        await Eventually.HoldsAsync(
            "it knows that it was removed", async () => (await witness.StatusAsync()).State == "removed");
        await load.HearAsync(40);
        await load.StopAsync();
        Assert.True(BytesIn(witness.DataPath) < FolderBytesMax);
    }

    [Fact]
    public async Task Who_is_set_up_as_a_witness_and_added_as_a_learner_says_what_does_not_match()
    {
        using var network = await TestNetwork.StartRaftAsync(validators: 2);
        using var newcomer = network.Newcomer("newcomer");
        newcomer.Settings.Add("peers.join=witness");
        newcomer.Start();
        await newcomer.Process.SaysAsync("HTTP API on");

        await ChangeAsync(
            network, network.Nodes, "add", newcomer.Name, newcomer.KeyPath, newcomer.PeerAddress.ToString());

        await newcomer.Process.SaysAsync(
            "peers.join is 'witness', and the ledger has this key as newcomer, a learner which keeps blocks");
        var (_, said, _) = await LedgerProcess.RunAsync(
            "doctor", "--node", network.Nodes[0].HttpUrl.ToString(), "--node", newcomer.HttpUrl.ToString());
        Assert.Contains("is set up as a witness (peers.join)", said, StringComparison.Ordinal);
    }

    /// <summary>
    /// It has no ledger that would bound what it has promised: with a vote forgotten, the other full node
    /// would lead without the blocks that this one acknowledged.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_witness_whose_journal_is_lost_does_not_start(bool andItsMembers)
    {
        using var network = await TestNetwork.StartWithWitnessesAsync(validators: 3, witnesses: 1);
        var (first, second, witness) = (network.Nodes[0], network.Nodes[1], network.Nodes[2]);
        TestClient client = new(network);
        second.Process.Kill();
        await TestClient.FinalAsync(first, client.Put("on one disk", "1"));
        witness.Process.Kill();
        Directory.Delete(Path.Combine(witness.DataPath, "journal"), recursive: true);
        File.Delete(Path.Combine(witness.DataPath, "journal-of"));
        if (andItsMembers)
        {
            File.Delete(Path.Combine(witness.DataPath, "members"));
        }

        witness.Start();
        Assert.Equal(1, await witness.Process.ExitAsync());
        Assert.Contains(
            "no longer knows what it has promised", witness.Process.Errors, StringComparison.Ordinal);
    }

    private static long BytesIn(string folder)
        => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Sum(file => file.Length);

    private static async Task EventuallyChangesAsync(
        TestNetwork network, IReadOnlyList<TestNode> asked, params string[] change)
        => await Eventually.HoldsAsync(
            "the change is possible",
                async () => (await RunAsync(network, [.. asked], change)).ExitCode == 0);

    private static async Task ChangeAsync(
        TestNetwork network, IEnumerable<TestNode> asked, params string[] change)
    {
        var (exitCode, errors) = await RunAsync(network, [.. asked], change);
        Assert.True(exitCode == 0, errors);
    }

    private static async Task<string> ChangeFaultAsync(
        TestNetwork network, IEnumerable<TestNode> asked, params string[] change)
    {
        var (exitCode, errors) = await RunAsync(network, [.. asked], change);
        Assert.NotEqual(0, exitCode);
        return errors;
    }

    /// <summary>Asks whoever leads now, and waits until the change is over.</summary>
    private static async Task<(int ExitCode, string Errors)> RunAsync(
        TestNetwork network, TestNode[] asked, string[] change)
    {
        TestNode? leader = null;
        await Eventually.HoldsAsync("one of them leads", async () =>
        {
            foreach (var node in asked)
            {
                leader = (await node.StatusAsync()).IsPrimary ? node : leader;
            }

            return leader is not null;
        });
        var (exitCode, _, errors) = await LedgerProcess.RunAsync(
        [
            "admin", "members", .. change, "--key", network.AdminKeyPath, "--node",
            leader!.HttpUrl.ToString(), "--admin",
            $"http://127.0.0.1:{leader.AdminPort}",
        ]);
        return (exitCode, errors);
    }
}
