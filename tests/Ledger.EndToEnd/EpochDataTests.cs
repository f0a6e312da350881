using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Snapshots, backups, pruned and restored folders of a chain whose validators changed: nobody needs more
/// than the genesis to be convinced by any of them.
/// </summary>
public sealed class EpochDataTests
{
    private const ulong Spared = 220;
    private const ulong BlocksBetween = 30;
    private const int Changes = 4;

    private static readonly string[] Snapshots = ["snapshots.everyBlocks=40", TestNetwork.BlocksOfOne];

    [Fact]
    public async Task Who_knows_only_the_genesis_joins_by_a_snapshot_made_after_a_change_of_validators()
    {
        using var network = await TestNetwork.StartAsync(4, Snapshots);
        var (archive, pruned) = (network.Nodes[1], network.Nodes[3]);
        pruned.Process.Terminate();
        Assert.Equal(0, await pruned.Process.ExitAsync());
        pruned.Settings.Add("retention.blocks=40");
        pruned.Start();
        await pruned.ReadyAsync();
        TestClient client = new(network);
        var before = client.Put("before", "1");
        await TestClient.FinalAsync(archive, before);

        // One comes and one of genesis's goes: the present set is in no file that the next one has.
        using var fifth = await JoinAsync(network, client, "validator-5", network.Nodes);
        await TestClient.FinalAsync(
            archive, client.Sign(new Operation.RemoveValidator(network.Nodes[0].Key.PublicKey)));
        var after = client.Put("after", "2");
        var changed = (await TestClient.FinalAsync(archive, after)).Height!.Value;
        await using (Load load = new(network))
        {
            await Eventually.HoldsAsync(
                "a snapshot is worth it",
                async () => (await archive.StatusAsync()).Height >= changed + Spared
                    && await StatusOfAsync(pruned, "v1/blocks/1") == HttpStatusCode.Gone);
            await load.StopAsync();
        }

        using var sixth = network.Newcomer("validator-6");
        sixth.WriteConfig([.. network.Nodes, fifth]);
        sixth.Settings.Add("peers.join=yes");
        sixth.Start();
        await sixth.Process.SaysAsync("HTTP API on");
        await TestClient.FinalAsync(
            archive,
            client.Sign(
                new Operation.AddValidator(sixth.Name, sixth.Key.PublicKey, sixth.PeerAddress.ToString())));
        await sixth.Process.SaysAsync("State sync done");
        await sixth.ReadyAsync();
        Assert.Equal(
            (await archive.GetAsync<ValidatorReply[]>("v1/validators"))
                .Select(validator => (validator.Index, validator.Name)),
            (await sixth.GetAsync<ValidatorReply[]>("v1/validators"))
                .Select(validator => (validator.Index, validator.Name)));

        // Of five four are a quorum: with one down, nothing is final without the newcomer.
        pruned.Process.Kill();
        var late = client.Put("late", "3");
        await TestClient.FinalAsync(sixth, late);

        await Receipts.HoldAsync(archive, archive.GenesisPath, before, after, late);
        await Receipts.HoldAsync(sixth, sixth.GenesisPath, late);
        sixth.Process.Terminate();
        Assert.Equal(0, await sixth.Process.ExitAsync());
        var audit = await AuditAsync(sixth.DataPath, sixth.GenesisPath);
        Assert.True(audit["kept"]!["blocks"]!.GetValue<ulong>() > changed, audit.ToString());

        // The pruned one has snapshots of its own, from after the changes, to execute from.
        audit = await AuditAsync(pruned.DataPath, pruned.GenesisPath);
        Assert.True(audit["executedFrom"]!.GetValue<ulong>() > changed, audit.ToString());
    }

    [Fact]
    public async Task Backups_of_before_and_after_a_change_are_restored_and_a_light_client_follows_across_it()
    {
        using var network = await TestNetwork.StartAsync(4);
        var node = network.Nodes[3];
        var backups = Path.Combine(node.Home, "backups");
        string[] genesis = ["--genesis", node.GenesisPath];
        string[] source = ["--admin", $"http://127.0.0.1:{node.AdminPort}", .. genesis];
        TestClient client = new(network);
        var before = client.Put("before", "1");
        await TestClient.FinalAsync(node, before);
        using var watch = LedgerProcess.Start(
            ["watch", "--from", "1", "--verify", "--json", "--node", node.HttpUrl.ToString(), .. genesis]);
        await watch.SaysAsync("\"verified\":true");
        var first = await JsonAsync(["backup", "create", backups, .. source, "--json"]);

        using var fifth = await JoinAsync(network, client, "validator-5", network.Nodes);
        await TestClient.FinalAsync(
            node, client.Sign(new Operation.RemoveValidator(network.Nodes[0].Key.PublicKey)));
        var after = client.Put("after", "2");
        var changed = (await TestClient.FinalAsync(node, after)).Height!.Value;
        await watch.SaysAsync(string.Create(CultureInfo.InvariantCulture, $"\"height\":{changed},"));
        Assert.DoesNotContain("error", watch.Errors, StringComparison.Ordinal);
        watch.Interrupt();
        Assert.Equal(130, await watch.ExitAsync());

        var second = await JsonAsync(["backup", "create", backups, .. source, "--json"]);
        Assert.True(second["height"]!.GetValue<ulong>() >= changed);
        Assert.NotEqual(first["name"]!.GetValue<string>(), second["name"]!.GetValue<string>());
        foreach (var made in (JsonNode[])[first, second])
        {
            var name = made["name"]!.GetValue<string>();
            await JsonAsync(["backup", "verify", backups, name, .. genesis, "--json"]);
            var data = Path.Combine(node.Home, "restored-" + name);
            await JsonAsync(["backup", "restore", backups, name, "--data", data, .. genesis, "--json"]);
            var audit = await AuditAsync(data, node.GenesisPath);
            Assert.Equal(made["height"]!.GetValue<ulong>(), audit["blocks"]!.GetValue<ulong>());
        }

        // The older one, on the machine whose folder is lost: it goes through both changes in silence.
        node.Process.Kill();
        Directory.Delete(node.DataPath, recursive: true);
        Directory.Move(
            Path.Combine(node.Home, "restored-" + first["name"]!.GetValue<string>()), node.DataPath);
        node.Start();
        await node.Process.SaysAsync("silent until the network is provably past");
        await Eventually.HoldsAsync(
            "the restored one is at the head",
            async () => (await node.StatusAsync()).Height == (await fifth.StatusAsync()).Height);
        Assert.Equal("silent", (await node.StatusAsync()).State);
        await Receipts.HoldAsync(node, node.GenesisPath, before, after);
    }

    /// <summary>
    /// It waits for 128 blocks, and no set of validators lasts as long: what was heard under one counts under
    /// the next.
    /// </summary>
    [Fact]
    public async Task A_validator_that_lost_its_journal_speaks_again_although_the_validators_keep_changing()
    {
        using var network = await TestNetwork.StartAsync(5, TestNetwork.BlocksOfOne);
        TestClient client = new(network);
        await using Load load = new(network);
        await load.HearAsync(5);
        var lost = network.Nodes[4];
        lost.Process.Kill();
        Directory.Delete(Path.Combine(lost.DataPath, "journal"), recursive: true);
        File.Delete(Path.Combine(lost.DataPath, "journal-of"));
        lost.Start();
        await lost.Process.SaysAsync("silent until the network is provably past");

        // One that never runs comes and goes: four of five, and four of six, are a quorum.
        var height = (await network.Nodes[0].StatusAsync()).Height;
        for (var i = 0; i < Changes; i++)
        {
            using var absent = SigningKey.Generate();
            await ChangeAsync(new Operation.AddValidator($"absent-{i}", absent.PublicKey, "127.0.0.1:1"));
            await ChangeAsync(new Operation.RemoveValidator(absent.PublicKey));
        }

        await lost.Process.SaysAsync("it may speak again");
        await load.StopAsync();
        await Agreement.OfAsync(network.Nodes);

        async Task ChangeAsync(Operation change)
        {
            await TestClient.FinalAsync(network.Nodes[0], client.Sign(change));
            height += BlocksBetween;
            await Eventually.HoldsAsync(
                $"height {height}", async () => (await network.Nodes[0].StatusAsync()).Height >= height);
        }
    }

    private static async Task<TestNode> JoinAsync(
        TestNetwork network, TestClient client, string name, IEnumerable<TestNode> others)
    {
        var newcomer = network.Newcomer(name);
        newcomer.WriteConfig(others);
        newcomer.Settings.Add("peers.join=yes");
        newcomer.Start();
        await newcomer.Process.SaysAsync("HTTP API on");
        await TestClient.FinalAsync(
            network.Nodes[1],
            client.Sign(
                new Operation.AddValidator(name, newcomer.Key.PublicKey, newcomer.PeerAddress.ToString())));
        await newcomer.ReadyAsync();
        return newcomer;
    }

    private static Task<JsonNode> AuditAsync(string data, string genesis)
        => JsonAsync(["verify", "ledger", "--data", data, "--genesis", genesis, "--json"]);

    private static async Task<JsonNode> JsonAsync(IReadOnlyList<string> arguments)
    {
        var (exitCode, output, errors) = await LedgerProcess.RunAsync(arguments);
        Assert.True(exitCode == 0, $"{string.Join(' ', arguments)}: {errors}");
        return JsonNode.Parse(output)!;
    }

    private static async Task<HttpStatusCode> StatusOfAsync(TestNode node, string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, path));
        using var response = await node.SendAsync(request);
        return response.StatusCode;
    }
}
