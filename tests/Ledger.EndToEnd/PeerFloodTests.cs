using System.Diagnostics;
using System.Globalization;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// One validator of four sends the three others as much as they read of what breaks no rule: they go on, and
/// hold it back where it costs more than its share. What each flood costs is in the test's output.
/// </summary>
public sealed class PeerFloodTests(PeerFloodTests.Flooded flooded) : IClassFixture<PeerFloodTests.Flooded>
{
    /// <summary>Long enough that what a flooder may cost at once does not count for much.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(1);

    public static TheoryData<string> All => Floods.All;

    [Theory, MemberData(nameof(All))]
    public async Task The_others_go_on_while_a_validator_floods_them(string flood)
    {
        var network = flooded.Network;
        var (honest, liar) = (network.Nodes.Take(3).ToList(), network.Nodes[3]);
        var frames = flooded.Floods.Of(flood);
        using CancellationTokenSource enough = new();
        List<RawPeer> peers = [];
        foreach (var node in honest)
        {
            peers.Add(await flooded.GreetAsync(node));
        }

        var labels = $"peer=\"{liar.Name}\"";
        var heldBack = await HeldBackAsync(honest, liar);
        var floods = peers.SelectMany(
            peer => new[] { FloodAsync(peer, frames, enough.Token), peer.DrainAsync() }).ToList();
        if (flood == nameof(Floods.Pings))
        {
            // Whether bytes and signatures come to more than the share, the machine decides; enough frames do
            // on any.
            await Eventually.HoldsAsync(
                "each holds it back", async () => (await HeldBackAsync(honest, liar))
                    .Zip(heldBack).All(pair => pair.First > pair.Second));
        }

        var before = await MeasureAsync(honest[0], labels);
        var clock = Stopwatch.StartNew();
        List<double> latencies = [];
        TestClient client = new(network);
        for (var i = 0; clock.Elapsed < Lasts; i++)
        {
            var sent = clock.Elapsed;
            await TestClient.FinalAsync(honest[i % 3], client.Put($"{flood}-{i}", "goes on"));
            latencies.Add((clock.Elapsed - sent).TotalMilliseconds);
        }

        var (after, seconds) = (await MeasureAsync(honest[0], labels), clock.Elapsed.TotalSeconds);
        Assert.Equal(3, (await honest[0].StatusAsync()).Peers);
        await enough.CancelAsync();
        peers.ForEach(peer => peer.Dispose());
        await Task.WhenAll(floods);
        await Agreement.OfAsync(honest);

        latencies.Sort();
        var perByte = (double)Floods.CountIn(frames) / frames.Length;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{flood}: {(after.BytesIn - before.BytesIn) / seconds * perByte:0} frames/s, "
            + $"in {(after.BytesIn - before.BytesIn) / seconds / 1e6:0.0} MB/s, "
            + $"out {(after.BytesOut - before.BytesOut) / seconds / 1e6:0.0} MB/s, "
            + $"processors {(after.Cpu - before.Cpu) / seconds:0.00}, "
            + $"held back {(after.HeldBack - before.HeldBack) / seconds:0.00}, "
            + $"final in {latencies[latencies.Count / 2]:0} ms, at most {latencies[^1]:0} ms"));
    }

    private static async Task FloodAsync(RawPeer peer, byte[] frames, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested && await peer.SendRawAsync(frames))
        {
        }
    }

    private static Task<double[]> HeldBackAsync(List<TestNode> honest, TestNode liar) => Task.WhenAll(
        honest.Select(node => node.MetricAsync(
            "ledger_peer_held_back_seconds_total", $"peer=\"{liar.Name}\"")));

    private static async Task<(double Cpu, double BytesIn, double BytesOut, double HeldBack)> MeasureAsync(
        TestNode node, string peer)
    {
        using var process = Process.GetProcessById(node.Process.Id);
        return (
            process.TotalProcessorTime.TotalSeconds,
            await node.MetricAsync("ledger_peer_bytes_total", $"{peer},direction=\"in\""),
            await node.MetricAsync("ledger_peer_bytes_total", $"{peer},direction=\"out\""),
            await node.MetricAsync("ledger_peer_held_back_seconds_total", peer));
    }

    /// <summary>A network with some blocks to ask for, whose last validator is a liar.</summary>
    public sealed class Flooded : IAsyncLifetime
    {
        internal TestNetwork Network { get; private set; } = null!;

        internal Floods Floods { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Network = await TestNetwork.StartAsync(4, "snapshots.everyBlocks=10");
            TestClient client = new(Network);
            for (var i = 0; i < 30; i++)
            {
                await TestClient.FinalAsync(Network.Nodes[0], client.Put($"k{i}", new('x', 60_000)));
            }

            List<Transaction> final = [.. Enumerable.Range(0, 500).Select(i => client.Put($"s{i}", "small"))];
            await TestClient.SubmitAsync(Network.Nodes[0], wait: true, final);

            Network.Nodes[3].Process.Kill();
            await Eventually.HoldsAsync(
                "it is gone", async () => (await Network.Nodes[0].StatusAsync()).Peers == 2);
            using var peer = await GreetAsync(Network.Nodes[0]);
            await peer.SendAsync(
                RawPeer.Consensus, PbftCodec.EncodeEnvelope(new(new(3), new ReadQuery(7), default)));
            ReadAnswer? answer = null;
            while (answer is null)
            {
                if (PbftCodec.TryDecodeEnvelope(
                    await peer.NextAsync(RawPeer.Consensus), out var envelope, out _))
                {
                    answer = envelope.Message as ReadAnswer;
                }
            }

            Floods = new(Network, answer.Highest, final);
        }

        /// <summary>The node may not have noticed yet that an earlier connection is gone.</summary>
        internal async Task<RawPeer> GreetAsync(TestNode node)
        {
            await Eventually.HoldsAsync(
                "the liar may come", async () => (await node.StatusAsync()).Peers == 2);
            var peer = await RawPeer.DialAsync(node.PeerAddress);
            await peer.GreetAsync(Network.Genesis, Network.Nodes[3].Key);
            return peer;
        }

        public ValueTask DisposeAsync()
        {
            Network.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
