using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>Validators come and go while the network runs, and what was proven stays proven.</summary>
public sealed class ValidatorChangeTests
{
    [Fact]
    public async Task A_fifth_validator_joins_and_votes_and_one_that_is_removed_says_so_and_stops()
    {
        using var network = await TestNetwork.StartAsync(4);
        TestClient client = new(network);
        var before = client.Put("before", "1");
        await TestClient.FinalAsync(network.Nodes[0], before);

        using var newcomer = network.Newcomer("validator-5");
        newcomer.Settings.Add("peers.join=yes");
        newcomer.Start();
        await newcomer.Process.SaysAsync("is no validator's yet");
        await newcomer.Process.SaysAsync("HTTP API on");
        Assert.Equal("joining", (await newcomer.StatusAsync()).State);

        var address = newcomer.PeerAddress.ToString();
        await TestClient.FinalAsync(
            network.Nodes[1], client.Sign(
                new Operation.AddValidator(newcomer.Name, newcomer.Key.PublicKey, address)));
        await newcomer.ReadyAsync();

        // Of five validators four are a quorum: with one down, nothing is final without the newcomer's vote.
        network.Nodes[3].Process.Kill();
        var during = client.Put("during", "2");
        var height = (await TestClient.FinalAsync(newcomer, during)).Height!.Value;
        var block = await newcomer.GetAsync<BlockReply>($"v1/blocks/{height}");
        Assert.Contains(newcomer.Name, block.Signers!);
        network.Nodes[3].Start();
        await network.Nodes[3].ReadyAsync();

        var removed = network.Nodes[0];
        var removal = await TestClient.FinalAsync(
            network.Nodes[1], client.Sign(new Operation.RemoveValidator(removed.Key.PublicKey)));
        await removed.Process.SaysAsync("was removed from the set: it votes no more");
        Assert.Equal("removed", (await removed.StatusAsync()).State);
        var (refused, _, reason) = await LedgerProcess.RunAsync(
            "tx", "put", "notes", "a", "1",
            "--key", network.AdminKeyPath, "--node", removed.HttpUrl.ToString());
        Assert.NotEqual(0, refused);
        Assert.Contains($"{removed.Name} was removed from the validators", reason, StringComparison.Ordinal);

        var after = client.Put("after", "3");
        height = (await TestClient.FinalAsync(network.Nodes[2], after)).Height!.Value;
        block = await newcomer.GetAsync<BlockReply>($"v1/blocks/{height}");
        Assert.DoesNotContain(removed.Name, block.Signers!);
        Assert.Equal(removal.Height, (await removed.StatusAsync()).Height);
        await Agreement.OfAsync([.. network.Nodes.Skip(1), newcomer]);
        Assert.Equal(
            [1, 2, 3, 4], (await newcomer.GetAsync<ValidatorReply[]>("v1/validators")).Select(v => v.Index));

        await Receipts.HoldAsync(newcomer, network.Nodes[1].GenesisPath, before, during, after);

        // A newcomer that starts again is a validator like any other, and the folder that it made is whole.
        newcomer.Process.Terminate();
        Assert.Equal(0, await newcomer.Process.ExitAsync());
        var (exitCode, _, errors) = await LedgerProcess.RunAsync(
            "verify", "ledger", "--data", newcomer.DataPath, "--genesis", newcomer.GenesisPath);
        Assert.True(exitCode == 0, errors);
        newcomer.Settings.Clear();
        newcomer.Start();
        await newcomer.ReadyAsync();
    }

    [Fact]
    public async Task A_validator_that_is_removed_and_added_in_one_transaction_votes_in_its_new_seat()
    {
        using var network = await TestNetwork.StartAsync(4);
        TestClient client = new(network);
        var moves = network.Nodes[3];
        await TestClient.FinalAsync(network.Nodes[0], client.Sign(
            new Operation.RemoveValidator(moves.Key.PublicKey),
            new Operation.AddValidator(moves.Name, moves.Key.PublicKey, moves.PeerAddress.ToString())));

        // Of four validators three are a quorum: with one down, nothing is final without its vote.
        network.Nodes[0].Process.Kill();
        var after = client.Put("after", "1");
        var height = (await TestClient.FinalAsync(network.Nodes[1], after)).Height!.Value;
        var block = await network.Nodes[1].GetAsync<BlockReply>($"v1/blocks/{height}");
        Assert.Contains(moves.Name, block.Signers!);
        Assert.Equal(4, (await moves.StatusAsync()).ValidatorIndex);
    }

    [Fact]
    public async Task A_key_that_is_no_validators_does_not_start_unless_it_is_to_join()
    {
        using var network = TestNetwork.Create(4);
        using var stranger = network.Newcomer("validator-5");
        Assert.Equal(78, await stranger.Start().ExitAsync());
        Assert.Contains("set peers.join to yes", stranger.Process.Errors, StringComparison.Ordinal);
    }
}
