using System.Net;
using System.Net.Sockets;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Transport;

/// <summary>
/// Strangers, liars and validators that break the rules: each costs itself the connection, and nobody else.
/// </summary>
public sealed class HostilePeerTests
{
    private readonly TestChain _chain = new(4);

    [Fact]
    public async Task A_handshake_written_from_its_description_is_let_in()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);

        await node.UntilConnectedAsync(3);
        await peer.SendAsync((byte)FrameKind.Consensus, [5]);

        var frame = await node.NextFrameAsync();
        Assert.Equal((new ValidatorIndex(3), FrameKind.Consensus), (frame.From, frame.Kind));
    }

    [Fact]
    public Task A_wrong_genesis_is_refused()
        => IsRefusedAsync(
            HandshakeRefusal.WrongGenesis, new TestChain(4, genesis: 8), TestChain.KeyOf(3).PublicKey);

    [Fact]
    public Task A_wrong_chain_is_refused()
        => IsRefusedAsync(
            HandshakeRefusal.WrongChain, new TestChain(4, chainId: "other"), TestChain.KeyOf(3).PublicKey);

    [Fact]
    public Task An_unknown_key_is_refused()
        => IsRefusedAsync(HandshakeRefusal.UnknownKey, _chain, TestChain.KeyOf(9).PublicKey);

    [Fact]
    public Task Our_own_key_is_refused()
        => IsRefusedAsync(HandshakeRefusal.OwnKey, _chain, TestChain.KeyOf(0).PublicKey);

    [Fact]
    public Task Another_version_is_refused()
        => IsRefusedAsync(HandshakeRefusal.Version, _chain, TestChain.KeyOf(3).PublicKey, version: 2);

    /// <summary>A dialler's proof says 1, a listener's 2: neither serves the other.</summary>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public async Task A_proof_by_another_key_or_in_anothers_part_is_refused(int key, byte role)
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        using var peer = await RawPeer.DialAsync(node.Address);
        var ours = RawPeer.HelloOf(_chain, _chain.Key(3).PublicKey);

        await peer.SendAsync(RawPeer.Hello, ours);
        var theirs = await peer.ExpectAsync(RawPeer.Hello);
        await peer.SendAsync(RawPeer.Proof, RawPeer.ProofBy(_chain.Key(key), role, ours, theirs));

        await ExpectRefusalAsync(node, peer, HandshakeRefusal.BadSignature);
    }

    [Fact]
    public async Task A_proof_of_an_earlier_session_is_refused()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        var ours = RawPeer.HelloOf(_chain, _chain.Key(3).PublicKey);
        byte[] recorded;
        using (var first = await RawPeer.DialAsync(node.Address))
        {
            await first.SendAsync(RawPeer.Hello, ours);
            var theirs = await first.ExpectAsync(RawPeer.Hello);
            recorded = RawPeer.ProofBy(_chain.Key(3), 1, ours, theirs);
            await first.SendAsync(RawPeer.Proof, recorded);
            await first.ExpectAsync(RawPeer.Proof);
        }

        using var replay = await RawPeer.DialAsync(node.Address);
        await replay.SendAsync(RawPeer.Hello, ours);
        await replay.ExpectAsync(RawPeer.Hello);
        await replay.SendAsync(RawPeer.Proof, recorded);

        await ExpectRefusalAsync(node, replay, HandshakeRefusal.BadSignature);
    }

    [Fact]
    public async Task A_half_open_connection_is_closed_in_time()
    {
        await using var node = await new TestPeer(_chain, 0, with: WithShortPatience).StartAsync();
        using var peer = await RawPeer.DialAsync(node.Address);
        await peer.SendRawAsync([0, 0]);

        await peer.UntilClosedAsync();

        await node.UntilAsync(() => node.Refused("timeout") == 1);
    }

    [Fact]
    public async Task Garbage_oversized_and_foreign_frames_do_not_pass_the_handshake()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        byte[][] openings =
        [
            "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
            RawPeer.Header(FrameLimits.GreetingBytes + 1, RawPeer.Hello),
            RawPeer.Header(-1, RawPeer.Hello),
            RawPeer.Header(10, (byte)FrameKind.Consensus),
            [.. RawPeer.Header(3, RawPeer.Hello), 0, 1, 2],
            [.. RawPeer.Header(0, RawPeer.Proof)],
        ];

        foreach (var opening in openings)
        {
            using var peer = await RawPeer.DialAsync(node.Address);
            await peer.SendRawAsync(opening);
            await peer.UntilClosedAsync();
        }

        await node.UntilAsync(() => node.Refused("malformed") == openings.Length);
        using var honest = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
        await node.UntilConnectedAsync(3);
    }

    [Fact]
    public async Task More_handshakes_than_the_limit_are_turned_away_and_validators_still_come_in()
    {
        await using var node = await new TestPeer(
            _chain, 0, with: options => WithShortPatience(options) with { HandshakesPerAddressMax = 2 })
            .StartAsync();
        using var first = await RawPeer.DialAsync(node.Address);
        using var second = await RawPeer.DialAsync(node.Address);
        using var third = await RawPeer.DialAsync(node.Address);

        await third.UntilClosedAsync();
        Assert.Equal(1, node.Refused("busy"));

        await first.UntilClosedAsync();
        await second.UntilClosedAsync();
        await node.UntilAsync(() => node.Refused("timeout") == 2);
        using var honest = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
    }

    [Theory]
    [InlineData(FrameLimits.ConsensusBytes + 1, (byte)FrameKind.Consensus, "too_long")]
    [InlineData(-1, (byte)FrameKind.Response, "too_long")]
    [InlineData(0, (byte)99, "unknown_kind")]
    [InlineData(0, RawPeer.Hello, "unknown_kind")]
    public async Task A_proved_peer_that_breaks_the_framing_loses_its_connection_for_a_while(
        int payloadBytes, byte kind, string reason)
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);

        await peer.SendRawAsync(RawPeer.Header(payloadBytes, kind));
        await peer.UntilClosedAsync();
        await node.UntilLoggedAsync($"broke the protocol ({reason})");

        await IsRefusedByAsync(node, HandshakeRefusal.Penalty);
    }

    [Fact]
    public async Task A_truncated_frame_ends_the_connection_without_penalty()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        using (var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3))
        {
            await peer.SendRawAsync([.. RawPeer.Header(100, (byte)FrameKind.Consensus), 1, 2, 3]);
        }

        await node.UntilLoggedAsync("disconnected: truncated");
        Assert.False(node.Inbox.Reader.TryRead(out _));
        using var again = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
    }

    [Fact]
    public async Task A_frame_that_its_handler_calls_hostile_costs_the_connection()
    {
        await using var node = new TestPeer(_chain, 0)
        {
            Judge = (_, _) => ValueTask.FromResult(FrameVerdict.Disconnect("nonsense")),
        };
        await node.StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);

        await peer.SendAsync((byte)FrameKind.Consensus, [1]);

        await peer.UntilClosedAsync();
        await node.UntilLoggedAsync("broke the protocol (nonsense)");
        await IsRefusedByAsync(node, HandshakeRefusal.Penalty);
    }

    [Fact]
    public async Task A_frame_that_trips_its_handler_costs_the_connection_and_not_the_process()
    {
        await using var node = new TestPeer(_chain, 0) { Judge = (_, _) => throw new FormatException("bug") };
        await node.StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
        using var other = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 2);

        await peer.SendAsync((byte)FrameKind.Consensus, [1]);

        await peer.UntilClosedAsync();
        await node.UntilLoggedAsync("broke the protocol (handler_failed)");
        Assert.Equal([new ValidatorIndex(2)], node.Network.Connected);
    }

    [Fact]
    public async Task A_broken_invariant_in_a_handler_ends_the_network()
    {
        await using var node = new TestPeer(_chain, 0)
        {
            Judge = (_, _) => throw new InvariantBrokenException("x"),
        };
        await node.StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);

        await peer.SendAsync((byte)FrameKind.Consensus, [1]);

        await Assert.ThrowsAsync<InvariantBrokenException>(
            () => node.Network.ExecuteTask!.WaitAsync(TestChain.Deadline));
        node.FailureIsExpected = true;
    }

    [Fact]
    public async Task A_peer_that_does_not_read_fills_its_own_queue_only()
    {
        await using var node = await new TestPeer(
            _chain, 0, with: options => options with { QueueConsensusBytesMax = 1024 * 1024 }).StartAsync();
        using var slow = await (await RawPeer.DialAsync(node.Address, receiveBufferBytes: 4096))
            .GreetAsync(_chain, 3);
        using var quick = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 2);
        await node.UntilConnectedAsync(2, 3);
        var payload = new byte[256 * 1024];

        // More than the slow one's queue and every buffer on the way can hold; the quick one reads each.
        for (var i = 0; i < 64; i++)
        {
            node.Network.Send(FrameKind.Consensus, payload);
            Assert.Equal(payload.Length, (await quick.ExpectAsync((byte)FrameKind.Consensus)).Length);
        }

        Assert.True(node.Dropped("validator-3", "queue_full") > 0);
        Assert.Equal(0, node.Dropped("validator-2", "queue_full"));
    }

    [Fact]
    public async Task A_handler_that_waits_holds_up_its_own_peer_only()
    {
        var release = new TaskCompletionSource();
        await using var node = new TestPeer(_chain, 0)
        {
            Judge = async (frame, _) =>
            {
                if (frame.From == new ValidatorIndex(3))
                {
                    await release.Task;
                }

                return FrameVerdict.Ok;
            },
        };
        await node.StartAsync();
        using var held = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
        using var free = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 2);

        await held.SendAsync((byte)FrameKind.Consensus, [3]);
        await free.SendAsync((byte)FrameKind.Consensus, [2]);

        Assert.Equal([2], (await node.NextFrameAsync()).Payload);
        release.SetResult();
        Assert.Equal([3], (await node.NextFrameAsync()).Payload);
    }

    [Fact]
    public async Task A_second_node_with_a_connected_validators_key_is_kept_out()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        await using var first = new TestPeer(_chain, 1);
        first.Knows(node);
        await first.StartAsync();
        await node.UntilConnectedAsync(1);

        await using var second = new TestPeer(_chain, 1);
        second.Knows(node);
        await second.StartAsync();

        await second.UntilLoggedAsync("two nodes share one key");
        await node.UntilLoggedAsync("two nodes share one key");
        Assert.True(node.Refused("duplicate") > 0);
        Assert.Equal(["+1"], node.Events);
        Assert.Empty(second.Network.Connected);
    }

    [Fact]
    public async Task A_second_node_with_the_lower_validators_key_is_kept_out_too()
    {
        await using var node = await new TestPeer(_chain, 1).StartAsync();
        await using var first = new TestPeer(_chain, 0);
        first.Knows(node);
        await first.StartAsync();
        await node.UntilConnectedAsync(0);

        await using var second = new TestPeer(_chain, 0);
        second.Knows(node);
        await second.StartAsync();

        await second.UntilLoggedAsync("two nodes share one key");
        Assert.Equal(["+0"], node.Events);
        Assert.Empty(second.Network.Connected);
    }

    [Fact]
    public async Task A_connection_that_no_longer_answers_gives_way_to_a_new_one()
    {
        await using var node = await new TestPeer(
            _chain, 0, with: options => options with { ProbeTimeout = TimeSpan.FromMilliseconds(100) })
            .StartAsync();

        // Open, but it never answers a ping: as after a crash that nobody has noticed yet.
        using var dead = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
        using var fresh = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);
        await node.UntilLoggedAsync("disconnected: replaced");
        await fresh.SendAsync((byte)FrameKind.Consensus, [1]);

        Assert.Equal([1], (await node.NextFrameAsync()).Payload);
        Assert.Equal(["+3", "-3", "+3"], node.Events);
    }

    [Fact]
    public async Task A_silent_connection_is_given_up()
    {
        await using var node = await new TestPeer(_chain, 0, with: options => options with
        {
            PingInterval = TimeSpan.FromMilliseconds(20),
            SilenceMax = TimeSpan.FromMilliseconds(100),
        }).StartAsync();
        using var peer = await (await RawPeer.DialAsync(node.Address)).GreetAsync(_chain, 3);

        await node.UntilLoggedAsync("disconnected: silent");
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task A_listener_that_is_not_whom_we_dialled_is_not_talked_to()
    {
        await using var node = new TestPeer(_chain, 0);
        await using var other = await new TestPeer(_chain, 2).StartAsync();
        node.Knows(1, other.Address.Port);
        await node.StartAsync();

        await node.UntilLoggedAsync("validator-1 was expected there, but it is validator-2");
        await other.UntilLoggedAsync("it expected another validator at our address");
        Assert.Empty(node.Network.Connected);
    }

    [Fact]
    public async Task The_refused_side_says_plainly_what_is_wrong()
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        await using var stranger = new TestPeer(new TestChain(4, genesis: 8), 3);
        stranger.Knows(node);
        await stranger.StartAsync();

        await stranger.UntilLoggedAsync(
            $"Peer {node.Address} refuses us: its genesis is 07070707…, ours is 08080808…");
        await node.UntilLoggedAsync("its genesis is 08080808…, ours is 07070707…");
        Assert.Contains(
            "its genesis is", stranger.Network.Peers[0].LastRefusal?.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_both_dial_at_once_the_lower_indexs_connection_is_the_one()
    {
        await using var node = new TestPeer(_chain, 0);
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        node.Knows(3, ((IPEndPoint)listener.LocalEndPoint!).Port, "::1");
        await node.StartAsync();

        // Validator 0's dial has arrived and is not answered yet when validator 3's own dial reaches it.
        using var dialled = RawPeer.Over(await listener.AcceptAsync());
        var theirs = await dialled.ExpectAsync(RawPeer.Hello);
        using var crossing = await RawPeer.DialAsync(node.Address);
        var ours = RawPeer.HelloOf(_chain, _chain.Key(3).PublicKey);
        await crossing.SendAsync(RawPeer.Hello, ours);
        var hello = await crossing.ExpectAsync(RawPeer.Hello);
        await crossing.SendAsync(RawPeer.Proof, RawPeer.ProofBy(_chain.Key(3), 1, ours, hello));
        await crossing.ExpectAsync(RawPeer.Proof);
        var refused = await crossing.ExpectAsync(RawPeer.Refused);
        Assert.Equal((byte)HandshakeRefusal.AlreadyConnected, refused[0]);

        await dialled.SendAsync(RawPeer.Hello, ours);
        await dialled.ExpectAsync(RawPeer.Proof);
        await dialled.SendAsync(RawPeer.Proof, RawPeer.ProofBy(_chain.Key(3), 2, theirs, ours));
        await dialled.ExpectAsync(RawPeer.Accepted);
        await dialled.SendAsync(RawPeer.Accepted, []);
        await node.UntilConnectedAsync(3);
    }

    private static string LabelOf(HandshakeRefusal reason) => reason switch
    {
        HandshakeRefusal.WrongGenesis => "wrong_genesis",
        HandshakeRefusal.WrongChain => "wrong_chain",
        HandshakeRefusal.UnknownKey => "unknown_key",
        HandshakeRefusal.OwnKey => "own_key",
        HandshakeRefusal.Version => "version",
        HandshakeRefusal.BadSignature => "bad_signature",
        HandshakeRefusal.Penalty => "penalty",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    private static TransportOptions WithShortPatience(TransportOptions options)
        => options with { HandshakeTimeout = TimeSpan.FromMilliseconds(300) };

    private async Task IsRefusedAsync(
        HandshakeRefusal reason, TestChain claimed, PublicKey key, ushort version = 1)
    {
        await using var node = await new TestPeer(_chain, 0).StartAsync();
        using var peer = await RawPeer.DialAsync(node.Address);
        await peer.SendAsync(RawPeer.Hello, RawPeer.HelloOf(claimed, key, version: version));
        await ExpectRefusalAsync(node, peer, reason);
    }

    private async Task IsRefusedByAsync(TestPeer node, HandshakeRefusal reason)
    {
        using var peer = await RawPeer.DialAsync(node.Address);
        var ours = RawPeer.HelloOf(_chain, _chain.Key(3).PublicKey);
        await peer.SendAsync(RawPeer.Hello, ours);
        var theirs = await peer.ExpectAsync(RawPeer.Hello);
        await peer.SendAsync(RawPeer.Proof, RawPeer.ProofBy(_chain.Key(3), 1, ours, theirs));
        await peer.ExpectAsync(RawPeer.Proof);
        await ExpectRefusalAsync(node, peer, reason);
    }

    private static async Task ExpectRefusalAsync(TestPeer node, RawPeer peer, HandshakeRefusal reason)
    {
        var refused = await peer.ExpectAsync(RawPeer.Refused);
        Assert.Equal(reason, (HandshakeRefusal)refused[0]);
        await node.UntilAsync(() => node.Refused(LabelOf(reason)) == 1);
        Assert.Empty(node.Network.Connected);
    }
}
