using Ledger.Core;
using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Transport;

/// <summary>Honest peers, over real sockets.</summary>
public sealed class PeerNetworkTests
{
    [Fact]
    public async Task Four_networks_connect_in_a_full_mesh()
    {
        await using var mesh = await TestMesh.StartAsync(4);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(3, mesh[i].Network.Connected.Count);
            Assert.Equal(3, mesh[i].ConnectedCount);
            Assert.All(mesh[i].Network.Peers, peer => Assert.NotNull(peer.Since));
        }
    }

    /// <summary>Its tasks then end before they first wait, all as one and the same task.</summary>
    [Fact]
    public async Task A_network_that_is_stopped_as_it_starts_ends_without_a_fault()
    {
        TestChain chain = new(4);
        for (var i = 0; i < 100; i++)
        {
            await using TestPeer peer = new(chain, 0) { FailureIsExpected = true };
            await peer.StartAsync();
            await peer.Network.StopAsync(TestContext.Current.CancellationToken);

            // Cancelled it may be: it was stopped before it ran.
            Assert.False(peer.Network.ExecuteTask!.IsFaulted, $"{peer.Network.ExecuteTask.Exception}");
        }
    }

    [Fact]
    public async Task Frames_arrive_in_order_and_whole()
    {
        await using var mesh = await TestMesh.StartAsync(2);
        var sizes = new[] { 0, 1, 100, 70_000, 3, Limits.BlockBytes, 16 * 1024, 2 };

        for (var i = 0; i < sizes.Length; i++)
        {
            mesh[0].Network.Send(FrameKind.Consensus, PayloadOf(sizes[i], seed: i), new ValidatorIndex(1));
        }

        for (var i = 0; i < sizes.Length; i++)
        {
            var frame = await mesh[1].NextFrameAsync();
            Assert.Equal(new ValidatorIndex(0), frame.From);
            Assert.True(PayloadOf(sizes[i], seed: i).AsSpan().SequenceEqual(frame.Payload), $"frame {i}");
        }
    }

    [Fact]
    public async Task A_frame_for_all_reaches_each_other_validator_once()
    {
        await using var mesh = await TestMesh.StartAsync(4);

        mesh[2].Network.Send(FrameKind.Transactions, new byte[] { 1, 2, 3 });
        mesh[2].Network.Send(FrameKind.Transactions, new byte[] { 4 });

        foreach (var receiver in new[] { 0, 1, 3 })
        {
            Assert.Equal([1, 2, 3], (await mesh[receiver].NextFrameAsync()).Payload);
            Assert.Equal([4], (await mesh[receiver].NextFrameAsync()).Payload);
        }

        Assert.False(mesh[2].Inbox.Reader.TryRead(out _));
    }

    /// <summary>
    /// Its old connection, kept for one who leaves for good, would keep the new one out meanwhile.
    /// </summary>
    [Fact]
    public async Task A_validator_that_leaves_its_seat_and_takes_another_at_once_is_heard_in_the_new_one()
    {
        await using var mesh = await TestMesh.StartAsync(
            3, options => options with { RetireAfter = TimeSpan.FromHours(1) });
        var before = mesh[0].Identity.Validators;
        var moves = before[new(2)] with { Address = $"127.0.0.1:{mesh[2].Address.Port}" };
        var after = before.With([before[new(0)], before[new(1)], null, moves]);

        for (var i = 0; i < 3; i++)
        {
            mesh[i].Network.Follow(after);
        }

        await mesh[0].UntilConnectedAsync(1, 3);
        await mesh[1].UntilConnectedAsync(0, 3);
        await mesh[2].UntilConnectedAsync(0, 1);
        mesh[2].Network.Send(FrameKind.Consensus, new byte[] { 1 }, new ValidatorIndex(0));
        Assert.Equal(new ValidatorIndex(3), (await mesh[0].NextFrameAsync()).From);
    }

    [Fact]
    public async Task A_restarted_peer_is_connected_again()
    {
        var chain = new TestChain(2);
        await using var stays = new TestPeer(chain, 0);
        var restarts = new TestPeer(chain, 1);
        var port = restarts.Address.Port;
        stays.Knows(restarts);
        restarts.Knows(stays);
        await stays.StartAsync();
        await restarts.StartAsync();
        await stays.UntilConnectedAsync(1);

        await restarts.DisposeAsync();
        await stays.UntilAsync(() => stays.Events.Contains("-1"));
        await using var again = new TestPeer(chain, 1, port);
        again.Knows(stays);
        await again.StartAsync();

        await again.UntilConnectedAsync(0);
        await stays.UntilConnectedAsync(1);
        again.Network.Send(FrameKind.Consensus, new byte[] { 9 });
        Assert.Equal([9], (await stays.NextFrameAsync()).Payload);
    }

    [Fact]
    public async Task A_host_name_and_IPv6_serve_as_well()
    {
        var chain = new TestChain(2);
        await using var listens = new TestPeer(
            chain, 0, with: options => options with { Listen = new(System.Net.IPAddress.IPv6Any, 0) });
        await using var dials = new TestPeer(chain, 1);
        await listens.StartAsync();
        dials.Knows(0, listens.Address.Port, "localhost");
        await dials.StartAsync();

        await dials.UntilConnectedAsync(0);
        await listens.UntilConnectedAsync(1);
    }

    private static byte[] PayloadOf(int length, int seed)
    {
        var payload = new byte[length];
        new Random(seed).NextBytes(payload);
        return payload;
    }
}
