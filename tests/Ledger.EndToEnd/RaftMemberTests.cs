using System.Text.Json;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// Validators of a Raft network come and go by an admin's commands, while clients write and machines die.
/// </summary>
public sealed class RaftMemberTests
{
    private const int SomeLoad = 40;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task Machines_are_added_promoted_removed_and_replaced_under_load_and_every_receipt_holds()
    {
        using var network = await TestNetwork.StartRaftAsync();
        TestClient client = new(network);
        var before = client.Put("before", "1");
        await TestClient.FinalAsync(network.Nodes[0], before);
        using var fourth = await JoiningAsync(network, "validator-4");
        using var fifth = await JoiningAsync(network, "validator-5");
        List<Transaction> between = [];

        await using (Load load = new(network))
        {
            await load.HearAsync(SomeLoad);
            await ChangeAsync(
                network, network.Nodes, "add", fourth.Name, fourth.KeyPath, fourth.PeerAddress.ToString());
            await fourth.ReadyAsync();
            var learner = Member(await MembersAsync(network.Nodes[0]), fourth);
            Assert.Equal((3, ValidatorReply.Learner, ValidatorReply.Learning), (
                learner.Index, learner.Role, learner.Phase));
            await load.HearAsync(SomeLoad);

            var members = await ChangeAsync(network, network.Nodes, "promote", fourth.Name);
            Assert.Equal((ValidatorReply.Voter, ValidatorReply.Settled), (
                Member(members, fourth).Role, Member(members, fourth).Phase));
            between.Add(await PutAsync(client, fourth, "promoted"));

            // Of four, three are a majority: with one dead, nothing is final without the newcomer.
            var (leads, _) = await LeaderOfAsync([.. network.Nodes, fourth]);
            var dead = network.Nodes.First(node => node != leads);
            dead.Process.Kill();
            between.Add(await PutAsync(client, fourth, "without one"));
            dead.Start();
            await dead.ReadyAsync();

            var (leader, _) = await LeaderOfAsync([.. network.Nodes, fourth]);
            await ChangeAsync(network, [.. network.Nodes, fourth], "remove", leader.Name);
            await leader.Process.SaysAsync("was removed from the set: it votes no more and will not lead");
            var gone = await leader.StatusAsync();
            Assert.Equal(("removed", false), (gone.State, gone.IsPrimary));
            Assert.False(await IsReadyAsync(leader));
            leader.Process.Terminate();
            Assert.Equal(0, await leader.Process.ExitAsync());
            TestNode[] left = [.. network.Nodes.Where(node => node != leader), fourth];
            between.Add(await PutAsync(client, left[0], "without the leader"));

            await ChangeAsync(network, left, "add", fifth.Name, fifth.KeyPath, fifth.PeerAddress.ToString());
            await fifth.ReadyAsync();
            await EventuallyChangesAsync(network, left, "replace", left[0].Name, fifth.Name);
            await left[0].Process.SaysAsync("was removed from the set");
            left[0].Process.Terminate();
            Assert.Equal(0, await left[0].Process.ExitAsync());
            await load.HearAsync(SomeLoad);
            await load.StopAsync();

            TestNode[] now = [left[1], fourth, fifth];
            var after = await PutAsync(client, fifth, "after");
            var chain = await Agreement.OfAsync(now);
            Assert.Equal(
                now.Select(node => node.Name).Order(), (await MembersAsync(fifth))
                    .Select(member => member.Name).Order());
            Assert.All(
                load.Acknowledged, acknowledged => Assert.True(acknowledged.Value <= (ulong)chain.Count));
            await Receipts.HoldAsync(fifth, network.Nodes[0].GenesisPath, [before, .. between, after]);
        }

        // The folder that a newcomer made is whole.
        fifth.Process.Terminate();
        Assert.Equal(0, await fifth.Process.ExitAsync());
        var (exitCode, _, errors) = await LedgerProcess.RunAsync(
            "verify", "ledger", "--data", fifth.DataPath, "--genesis", fifth.GenesisPath);
        Assert.True(exitCode == 0, errors);
    }

    [Fact]
    public async Task A_change_goes_on_where_it_was_when_every_process_is_killed_in_the_middle()
    {
        using var network = await TestNetwork.StartRaftAsync();
        TestClient client = new(network);
        using var fourth = await JoiningAsync(network, "validator-4");
        await ChangeAsync(
            network, network.Nodes, "add", fourth.Name, fourth.KeyPath, fourth.PeerAddress.ToString());
        await fourth.ReadyAsync();
        TestNode[] all = [.. network.Nodes, fourth];
        for (var round = 0; round < 3; round++)
        {
            var operations = (Operation[])(round == 1
                ? [new Operation.RemoveValidator(network.Nodes[0].Key.PublicKey)]
                : round == 0 ? [new Operation.PromoteValidator(fourth.Key.PublicKey)]
                : [new Operation.RemoveValidator(network.Nodes[1].Key.PublicKey)]);
            var change = client.Sign(operations);
            await TestClient.FinalAsync(all[2], change);
            foreach (var node in all)
            {
                node.Process.Kill();
            }

            foreach (var node in all)
            {
                node.Start();
            }

            await all[2].ReadyAsync();
            await fourth.ReadyAsync();
            await PutAsync(client, fourth, $"round {round}");
            await Eventually.HoldsAsync("the change is over", async () =>
                (await MembersAsync(all[2])).All(member => member.Phase == ValidatorReply.Settled));
            await Receipts.HoldAsync(fourth, fourth.GenesisPath, change);
        }

        Assert.Equal(
            ["validator-3", "validator-4"], (await MembersAsync(fourth)).Select(member => member.Name)
                .Order());
        await Agreement.OfAsync([all[2], fourth]);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_the_reason_before_anything_is_ordered()
    {
        using var network = await TestNetwork.StartRaftAsync();
        var (leader, _) = await Leaders.OfAsync(network);
        var follower = network.Nodes.First(node => node != leader);
        using var fourth = network.Newcomer("validator-4");
        string[] add = ["add", fourth.Name, fourth.KeyPath, fourth.PeerAddress.ToString()];

        await RefusedAsync(
            network, follower, $"this validator does not lead; {leader.Name} does, ask it", add);
        await RefusedAsync(network, leader,
            $"validator-4 is not in reach at {fourth.PeerAddress}: nothing answers there", add);
        await RefusedAsync(
            network, leader, "the node there has the key", "add", fourth.Name, fourth.KeyPath,
            follower.PeerAddress.ToString());
        await RefusedAsync(
            network, leader, $"{follower.Name} is a member already", "add", follower.Name, fourth.KeyPath,
            "127.0.0.1:1");
        await RefusedAsync(network, leader, $"{follower.Name} votes already", "promote", follower.Name);
        await RefusedAsync(network, leader, "no member has the key", "promote", fourth.KeyPath);
        await RefusedAsync(network, leader, "no member has the key", "remove", fourth.KeyPath);
        await RefusedAsync(
            network, leader, "the last voter cannot be removed", "remove", string.Join(
                ',', network.Nodes.Select(n => n.Name)));

        fourth.Settings.Add("peers.join=yes");
        fourth.Start();
        await fourth.Process.SaysAsync("HTTP API on");
        await ChangeAsync(network, [leader], add);
        await fourth.ReadyAsync();
        fourth.Process.Kill();
        TestClient client = new(network);
        for (var i = 0; i < 60; i++)
        {
            await PutAsync(client, leader, $"missed {i}");
        }

        await RefusedAsync(network, leader, "entries", "promote", fourth.Name);
        var height = (await leader.StatusAsync()).Height;
        Assert.Equal(ValidatorReply.Learner, Member(await MembersAsync(leader), fourth).Role);

        // One that learned and died holds nobody up, and is removed like any other.
        var (exitCode, _, errors) = await MembersAsync(network, leader, ["remove", fourth.Name, "--no-wait"]);
        Assert.True(exitCode == 0, errors);
        Assert.True((await leader.StatusAsync()).Height > height);
        Assert.DoesNotContain(await MembersAsync(leader), member => member.Name == fourth.Name);
    }

    /// <summary>A node that runs and waits to be added.</summary>
    private static async Task<TestNode> JoiningAsync(TestNetwork network, string name)
    {
        var node = network.Newcomer(name);
        node.Settings.Add("peers.join=yes");
        node.Start();
        await node.Process.SaysAsync("HTTP API on");
        return node;
    }

    private static async Task<Transaction> PutAsync(TestClient client, TestNode node, string key)
    {
        var transaction = client.Put("moves", key);
        await TestClient.FinalAsync(node, transaction);
        return transaction;
    }

    /// <summary>Asks whoever leads.</summary>
    private static async Task<ValidatorReply[]> ChangeAsync(
        TestNetwork network, IReadOnlyList<TestNode> nodes, params string[] verb)
    {
        var (leader, _) = await LeaderOfAsync(nodes);
        var (exitCode, output, errors) = await MembersAsync(network, leader, [.. verb, "--json"]);
        Assert.True(exitCode == 0, $"{string.Join(' ', verb)}: {errors}");
        return JsonDocument.Parse(output).RootElement.GetProperty("validators")
            .Deserialize<ValidatorReply[]>(Json)!;
    }

    /// <summary>The same, of a learner that may still lack a little.</summary>
    private static Task EventuallyChangesAsync(
        TestNetwork network, IReadOnlyList<TestNode> nodes, params string[] verb)
        => Eventually.HoldsAsync(string.Join(' ', verb), async () =>
        {
            var (leader, _) = await LeaderOfAsync(nodes);
            return (await MembersAsync(network, leader, verb)).ExitCode == 0;
        });

    private static async Task RefusedAsync(
        TestNetwork network, TestNode node, string why, params string[] verb)
    {
        var (exitCode, _, errors) = await MembersAsync(network, node, verb);
        Assert.Equal(1, exitCode);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Errors)> MembersAsync(
        TestNetwork network, TestNode node, string[] verb)
        => LedgerProcess.RunAsync(
        [
            "admin", "members", .. verb, "--key", network.AdminKeyPath, "--node", node.HttpUrl.ToString(),
            "--admin", $"http://127.0.0.1:{node.AdminPort}", "--timeout", "30",
        ]);

    private static Task<ValidatorReply[]> MembersAsync(TestNode node)
        => node.GetAsync<ValidatorReply[]>("v1/validators");

    private static ValidatorReply Member(ValidatorReply[] members, TestNode node)
        => members.Single(member => member.Name == node.Name);

    private static async Task<(TestNode Leader, ulong Term)> LeaderOfAsync(IReadOnlyList<TestNode> nodes)
    {
        (TestNode, ulong)? found = null;
        await Eventually.HoldsAsync("one of them leads", async () =>
        {
            foreach (var node in nodes)
            {
                if (await node.StatusAsync() is { IsPrimary: true } status)
                {
                    found = (node, status.View);
                    return true;
                }
            }

            return false;
        });
        return found!.Value;
    }

    private static async Task<bool> IsReadyAsync(TestNode node)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, "readyz"));
        using var response = await node.SendAsync(request);
        return response.IsSuccessStatusCode;
    }
}
