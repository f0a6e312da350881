using System.Buffers;
using Ledger.Core;
using Ledger.Node.Gossip;
using Ledger.Node.Tests.Mempool;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;
using MessagePack;

namespace Ledger.Node.Tests.Gossip;

/// <summary>Transactions on their way to the other validators, and those that come from them.</summary>
public sealed class TransactionGossipTests : IAsyncLifetime
{
    private readonly Door _door = new();
    private readonly CancellationTokenSource _stop = new();
    private TestMesh _mesh = null!;
    private TransactionGossip _gossip = null!;
    private Task _runs = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(3);
        _gossip = new(_mesh[0].Network, _door.Admission, trustsPeers: false);
        _runs = _gossip.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task What_a_connecting_peer_is_sent_comes_in_frames_of_bounded_size()
    {
        Transaction[] waiting =
            [.. Enumerable.Range(0, 60).Select(_ => Keys.Put(_door.Clock, valueBytes: 60_000))];

        _gossip.SendTo(new(1), waiting);

        var frames = await FramesAsync(1, waiting.Length);
        Assert.True(frames.Count > 1, "all came in one frame");
        Assert.All(frames, frame =>
            Assert.True(frame.Bytes <= FrameLimits.TransactionsBytes / 2, $"{frame.Bytes} bytes"));
        Assert.Equal(Encoded(waiting), frames.SelectMany(frame => frame.Transactions));
    }

    [Fact]
    public async Task Small_ones_come_in_frames_of_bounded_count()
    {
        Transaction[] waiting =
            [.. Enumerable.Range(0, 2100).Select(_ => Keys.Put(_door.Clock, valueBytes: 0))];

        _gossip.SendTo(new(1), waiting);

        var frames = await FramesAsync(1, waiting.Length);
        Assert.All(frames, frame => Assert.True(frame.Transactions.Count <= 1000));
        Assert.Equal(Encoded(waiting), frames.SelectMany(frame => frame.Transactions));
    }

    [Fact]
    public async Task What_is_admitted_is_spread_to_all_in_order_and_in_frames_of_bounded_size()
    {
        Transaction[] admitted =
            [.. Enumerable.Range(0, 30).Select(_ => Keys.Put(_door.Clock, valueBytes: 60_000))];

        _gossip.Broadcast(admitted);

        foreach (var peer in new[] { 1, 2 })
        {
            var frames = await FramesAsync(peer, admitted.Length);
            Assert.All(frames, frame => Assert.True(frame.Bytes <= FrameLimits.TransactionsBytes / 2));
            Assert.Equal(Encoded(admitted), frames.SelectMany(frame => frame.Transactions));
        }
    }

    [Fact]
    public async Task Nothing_to_send_sends_nothing()
    {
        _gossip.SendTo(new(1), []);
        _gossip.Broadcast([]);
        var mark = _door.Put();
        _gossip.SendTo(new(1), [mark]);

        Assert.Equal(Encoded([mark]), (await FramesAsync(1, 1)).SelectMany(frame => frame.Transactions));
    }

    [Fact]
    public async Task What_a_peer_sends_is_admitted_and_not_passed_on()
    {
        var (transaction, mark) = (_door.Put(), _door.Put());

        Assert.Equal(FrameVerdict.Ok, await OfferAsync(Pack(transaction.Encoded)));

        Assert.True(_door.Pool.Contains(transaction.Hash));
        _gossip.Broadcast([mark]);
        Assert.Equal(Encoded([mark]), (await FramesAsync(2, 1)).SelectMany(frame => frame.Transactions));
    }

    /// <summary>Between honest peers clocks differ, pools fill, and blocks overtake gossip.</summary>
    [Fact]
    public async Task What_honest_peers_may_send_costs_no_more_than_the_work_it_made()
    {
        var (known, late) = (
            _door.Put(), Keys.Sign(new Timestamp(1), Keys.Writer, new Operation.Delete("open", "k")));
        var notPermitted = _door.Put(Keys.Stranger);
        await _door.AdmitAsync(known);

        Assert.Equal(
            FrameVerdict.Ok with { Wasted = 3 },
            await OfferAsync(Pack(known.Encoded, late.Encoded, notPermitted.Encoded, _door.Put().Encoded)));
        Assert.Equal(FrameVerdict.Ok, await OfferAsync(Pack()));
    }

    [Fact]
    public async Task Bytes_that_are_no_transactions_cost_the_connection()
    {
        var good = Pack(_door.Put().Encoded);
        byte[][] malformed =
        [
            [], [0xc1], [0xc0], good[..^1], [.. good, 0], [0x91, 0xc0],
            [0xdc, 0x03, 0xe9], [0xdd, 0xff, 0xff, 0xff, 0xff],
        ];

        foreach (var payload in malformed)
        {
            Assert.Equal(FrameVerdict.Disconnect("malformed_transactions"), await OfferAsync(payload));
        }

        Assert.Equal(0, _door.Pool.Count);
    }

    [Fact]
    public async Task Transactions_that_no_honest_peer_lets_in_cost_the_connection()
    {
        var good = _door.Put();
        ReadOnlyMemory<byte>[] bad =
        [
            Keys.Forged(_door.Put()).Encoded,
            new byte[] { 1, 2, 3 },
            Transaction.EncodeSigned(good.Body with { ChainId = "another" }, good.Signature),
        ];

        foreach (var transaction in bad)
        {
            Assert.Equal(FrameVerdict.Disconnect("bad_transaction"), await OfferAsync(
                Pack(_door.Put().Encoded, transaction)));
        }
    }

    [Fact]
    public async Task Malformed_gossip_ends_the_connection_it_came_by()
    {
        var verdicts = new TestChain(2);
        await using var victim = new TestPeer(verdicts, 0);
        await using var liar = new TestPeer(verdicts, 1);
        victim.Judge = (frame, token) => _gossip.OnFrameAsync(frame.From, frame.Payload, token);
        victim.Knows(liar);
        liar.Knows(victim);
        await victim.StartAsync();
        await liar.StartAsync();
        await victim.UntilConnectedAsync(1);

        liar.Network.Send(FrameKind.Transactions, new byte[] { 0xc1 });

        await victim.UntilAsync(() => victim.Events.Contains("-1"));
        Assert.Equal(1, victim.Dropped("validator-1", "malformed_transactions"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        await _mesh.DisposeAsync();
        await _door.DisposeAsync();
        _stop.Dispose();
    }

    private static IEnumerable<string> Encoded(IEnumerable<Transaction> transactions)
        => transactions.Select(transaction => Convert.ToHexString(transaction.Encoded.Span));

    private static byte[] Pack(params ReadOnlyMemory<byte>[] transactions)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(transactions.Length);
        foreach (var transaction in transactions)
        {
            writer.Write(transaction.Span);
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private ValueTask<FrameVerdict> OfferAsync(byte[] payload)
        => _gossip.OnFrameAsync(new(1), payload, CancellationToken.None);

    /// <summary>The frames that a peer gets, until they hold so many transactions.</summary>
    private async Task<List<(int Bytes, List<string> Transactions)>> FramesAsync(int peer, int transactions)
    {
        List<(int Bytes, List<string> Transactions)> frames = [];
        while (frames.Sum(frame => frame.Transactions.Count) < transactions)
        {
            var payload = (await _mesh[peer].NextFrameAsync()).Payload;
            frames.Add((payload.Length, Unpack(payload)));
        }

        return frames;
    }

    private static List<string> Unpack(byte[] payload)
    {
        MessagePackReader reader = new(payload);
        List<string> transactions = [];
        for (var left = reader.ReadArrayHeader(); left > 0; left--)
        {
            transactions.Add(Convert.ToHexString(reader.ReadBytes()!.Value.ToArray()));
        }

        return transactions;
    }
}
