using System.Text.Json;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd;

/// <summary>
/// A validator's key that votes twice: all hear of it, it survives a crash, and the ledger keeps it.
/// </summary>
public sealed class EvidenceTests
{
    private const byte EvidenceFrame = 7;

    [Fact]
    public async Task A_double_vote_is_kept_spread_and_put_on_the_ledger()
    {
        using var network = await TestNetwork.StartAsync();
        var (first, liar) = (network.Nodes[0], network.Nodes[3]);
        await KillAsync(first, liar);
        await VoteTwiceAsync(network, first, liar);

        await HoldsAsync(network.Nodes[1], proof => proof.RecordedAt is null);
        Assert.Equal(1, await first.MetricAsync("ledger_evidence_total", "kind=\"prepare\""));
        first.Process.Kill();
        first.Start();
        await first.ReadyAsync();
        await HoldsAsync(first, proof => proof.RecordedAt is null);

        await TestClient.FinalAsync(first, new TestClient(network).Put("the height", "of the offence"));
        foreach (var node in network.Nodes.Take(3))
        {
            await HoldsAsync(node, proof => proof.RecordedAt is not null);
        }

        liar.Start();
        await liar.ReadyAsync();
        var recorded = await HoldsAsync(liar, proof => proof.RecordedAt is not null);
        Assert.Equal(
            (liar.Name, "prepare", 1UL, 0UL),
            (recorded.Validator, recorded.Kind, recorded.Height, recorded.View));
        await Agreement.OfAsync(network.Nodes);

        var (exitCode, output, _) = await LedgerProcess.RunAsync("evidence", "--node", $"{first.HttpUrl}");
        Assert.Equal(0, exitCode);
        Assert.Contains($"{liar.Name} prepared two blocks at height 1", output, StringComparison.Ordinal);
        (exitCode, output, _) = await LedgerProcess.RunAsync(
            "evidence", "--json", "--node", $"{first.HttpUrl}");
        Assert.Equal(0, exitCode);
        Assert.Equal(
            liar.Name, JsonDocument.Parse(output).RootElement[0].GetProperty("validator").GetString());

        (exitCode, output, _) = await LedgerProcess.RunAsync(
            "doctor", "--json", "--node", $"{first.HttpUrl}");
        Assert.Equal(1, exitCode);
        var found = JsonDocument.Parse(output).RootElement;
        var said =
            $"{liar.Name} signed two different statements (prepare), the proof is on the ledger since block "
            + $"{recorded.RecordedAt}";
        Assert.Contains(
            found.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("what").GetString()!.StartsWith(said, StringComparison.Ordinal));
        Assert.Equal(
            recorded.RecordedAt, found.GetProperty("evidence")[0].GetProperty("recordedAt").GetUInt64());
    }

    [Fact]
    public async Task A_double_vote_costs_its_validator_the_seat_where_genesis_says_so()
    {
        using var network = await TestNetwork.StartAsync(EvidencePolicy.Suspend);
        var (first, liar) = (network.Nodes[0], network.Nodes[3]);
        await KillAsync(first, liar);
        await VoteTwiceAsync(network, first, liar);

        liar.Start();
        await liar.ReadyAsync();
        TestClient client = new(network);
        var before = client.Put("the height", "of the offence");
        await TestClient.FinalAsync(first, before);
        await liar.Process.SaysAsync("was removed from the set: it votes no more");
        var recorded = await HoldsAsync(first, proof => proof.RecordedAt is not null);
        Assert.Equal(
            [0, 1, 2], (await first.GetAsync<ValidatorReply[]>("v1/validators")).Select(seat => seat.Index));

        // Two of the three that are left are a quorum; of four it took three.
        network.Nodes[2].Process.Kill();
        var after = client.Put("life", "goes on");
        await TestClient.FinalAsync(first, after);
        await Receipts.HoldAsync(first, first.GenesisPath, before, after);

        var status = await liar.StatusAsync();
        Assert.Equal(("removed", recorded.RecordedAt), (status.State, status.Height));
        network.Nodes[2].Start();
        await network.Nodes[2].ReadyAsync();
        await Agreement.OfAsync([.. network.Nodes.Take(3)]);
    }

    [Fact]
    public async Task Forged_evidence_costs_its_bearer_the_connection_and_accuses_nobody()
    {
        using var network = await TestNetwork.StartAsync();
        var (node, liar) = (network.Nodes[0], network.Nodes[3]);
        await KillAsync(node, liar);
        Offence offence = new(network.Nodes[1].Key.PublicKey, StatementKind.Commit, new(0), new(1));
        var forged = Evidence.Of(
            offence, new(Sha256.Hash([1]), SignatureOf(network, liar.Key, offence, Sha256.Hash([1]))),
            new(Sha256.Hash([2]), SignatureOf(network, liar.Key, offence, Sha256.Hash([2]))));
        using (var peer = await RawPeer.DialAsync(node.PeerAddress))
        {
            await peer.GreetAsync(network.Genesis, liar.Key);
            await peer.SendAsync(EvidenceFrame, forged.Encode());
            await peer.UntilClosedAsync();
        }

        await Eventually.HoldsAsync("it is counted", async () => await node.MetricAsync(
            "ledger_peer_messages_dropped_total", $"peer=\"{liar.Name}\",reason=\"bad_evidence\"") > 0);
        await TestClient.FinalAsync(node, new TestClient(network).Put("life", "goes on"));

        // Whoever reports it in a transaction is turned away at the door.
        await TestClient.FinalAsync(node, new TestClient(network).Put("and", "on"));
        var (_, replies) = await TestClient.SubmitAsync(
            node, wait: true, [new TestClient(network).Sign(new Operation.Report(forged))]);
        Assert.Equal(("rejected", "not_permitted"), (replies[0].Status, replies[0].Code));
        Assert.Empty(await node.GetAsync<EvidenceReply[]>("v1/evidence"));
    }

    private static async Task KillAsync(TestNode witness, TestNode gone)
    {
        gone.Process.Kill();
        await Eventually.HoldsAsync("it is gone", async () => (await witness.StatusAsync()).Peers == 2);
    }

    private static async Task VoteTwiceAsync(TestNetwork network, TestNode witness, TestNode liar)
    {
        using var peer = await RawPeer.DialAsync(witness.PeerAddress);
        await peer.GreetAsync(network.Genesis, liar.Key);
        await peer.SendAsync(RawPeer.Consensus, Vote(network, liar.Key, 3, Sha256.Hash([1])));
        await peer.SendAsync(RawPeer.Consensus, Vote(network, liar.Key, 3, Sha256.Hash([2])));
        await HoldsAsync(witness, proof => proof.RecordedAt is null);
    }

    private static async Task<EvidenceReply> HoldsAsync(TestNode node, Predicate<EvidenceReply> proof)
    {
        EvidenceReply? found = null;
        await Eventually.HoldsAsync($"{node.Name} serves the proof", async () =>
        {
            var all = await node.GetAsync<EvidenceReply[]>("v1/evidence");
            found = all is [var only] && proof(only) ? only : null;
            return found is not null;
        });
        return found!;
    }

    private static byte[] Vote(TestNetwork network, SigningKey key, int index, Digest block)
    {
        Prepare vote = new(new Subject(new(0), new(1), block));
        var bytes = new byte[Statement.Size];
        vote.StatementOn(network.Genesis.Hash).WriteTo(bytes);
        return PbftCodec.EncodeEnvelope(new(new(index), vote, key.Sign(bytes)));
    }

    private static Signature SignatureOf(TestNetwork network, SigningKey key, Offence offence, Digest block)
    {
        var bytes = new byte[Statement.Size];
        new Statement(network.Genesis.Hash, offence.Kind, offence.View, new(0), offence.Height, block)
            .WriteTo(bytes);
        return key.Sign(bytes);
    }
}
