using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>Whoever knocks at a peer port: refused, counted, and of no consequence to anybody else.</summary>
public sealed class PeerPortTests(RunningNetwork running) : IClassFixture<RunningNetwork>
{
    private TestNetwork Network => running.Network;

    private TestNode Node => Network.Nodes[0];

    [Fact]
    public Task Garbage_is_refused() => AssertRefusedAsync(
        "malformed", peer => peer.SendRawAsync([.. Enumerable.Repeat((byte)0xff, 4096)]));

    [Fact]
    public Task An_http_request_is_refused() => AssertRefusedAsync(
        "malformed", peer => peer.SendRawAsync("GET / HTTP/1.1\r\nHost: validator\r\n\r\n"u8.ToArray()));

    [Fact]
    public Task A_frame_that_claims_two_gigabytes_is_refused_before_it_is_sent() => AssertRefusedAsync(
        "malformed", peer => peer.SendRawAsync(RawPeer.Header(int.MaxValue, RawPeer.Hello)));

    [Fact]
    public Task A_greeting_that_is_none_is_refused() => AssertRefusedAsync(
        "malformed", peer => peer.SendAsync(RawPeer.Hello, [0, 1, 2, 3]));

    [Fact]
    public Task A_consensus_message_before_the_handshake_is_refused() => AssertRefusedAsync(
        "malformed", peer => peer.SendAsync(RawPeer.Consensus, [1, 2, 3]));

    [Fact]
    public async Task A_key_that_is_not_in_genesis_is_refused()
    {
        using var stranger = SigningKey.Generate();
        await AssertRefusedAsync("unknown_key", peer => peer.SendAsync(
            RawPeer.Hello,
            RawPeer.HelloOf(Network.Genesis.ChainId, Network.Genesis.Hash, stranger.PublicKey)));
    }

    [Fact]
    public Task Another_chain_is_refused() => AssertRefusedAsync("wrong_chain", peer => peer.SendAsync(
        RawPeer.Hello, RawPeer.HelloOf("elsewhere", Network.Genesis.Hash, Network.Nodes[3].Key.PublicKey)));

    [Fact]
    public Task Another_genesis_is_refused() => AssertRefusedAsync("wrong_genesis", peer => peer.SendAsync(
        RawPeer.Hello, RawPeer.HelloOf(Network.Genesis.ChainId, default, Network.Nodes[3].Key.PublicKey)));

    [Fact]
    public Task Another_version_of_the_protocol_is_refused()
        => AssertRefusedAsync("version", peer => peer.SendAsync(
        RawPeer.Hello,
        RawPeer.HelloOf(Network.Genesis.ChainId, Network.Genesis.Hash, Node.Key.PublicKey, version: 2)));

    [Fact]
    public Task A_validators_name_without_its_key_is_refused()
        => AssertRefusedAsync("bad_signature", async peer =>
    {
        await peer.SendAsync(RawPeer.Hello, RawPeer.HelloOf(
            Network.Genesis.ChainId, Network.Genesis.Hash, Network.Nodes[3].Key.PublicKey));
        await peer.ExpectAsync(RawPeer.Hello);
        await peer.SendAsync(RawPeer.Proof, new byte[Signature.Size]);
    });

    [Fact]
    public Task A_connection_that_says_nothing_is_ended()
        => AssertRefusedAsync("timeout", _ => Task.CompletedTask);

    [Fact]
    public Task Half_a_frame_and_then_nothing_is_ended() => AssertRefusedAsync(
        "timeout", peer => peer.SendRawAsync(RawPeer.Header(100, RawPeer.Hello)));

    [Fact]
    public async Task More_half_open_connections_than_there_is_room_for_are_turned_away()
    {
        var before = await CountAsync("busy");
        List<RawPeer> peers = [];
        try
        {
            for (var i = 0; i < 40; i++)
            {
                peers.Add(await RawPeer.DialAsync(Node.PeerAddress));
            }

            await TestClient.FinalAsync(Node, new TestClient(Network).Put("good", "beside the half-open"));
            await Task.WhenAll(peers.Select(peer => peer.UntilClosedAsync()));
            Assert.True(await CountAsync("busy") > before);
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
        }
    }

    private async Task AssertRefusedAsync(string reason, Func<RawPeer, Task> knock)
    {
        var before = await CountAsync(reason);
        using (var peer = await RawPeer.DialAsync(Node.PeerAddress))
        {
            await knock(peer);
            await peer.UntilClosedAsync();
        }

        await Eventually.HoldsAsync(
            $"it is counted as {reason}", async () => await CountAsync(reason) > before);
        Assert.Equal(3, (await Node.StatusAsync()).Peers);
        await TestClient.FinalAsync(Node, new TestClient(Network).Put("good", reason));
    }

    private Task<double> CountAsync(string reason)
        => Node.MetricAsync("ledger_handshakes_refused_total", $"reason=\"{reason}\"");
}
