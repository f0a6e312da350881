using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Sync;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;

namespace Ledger.Node.Tests.Sync;

/// <summary>What a peer is given that asks for blocks, and how much of it at once.</summary>
public sealed class BlockServerTests : IAsyncLifetime
{
    private const int LargeValue = 60_000;

    private readonly FinalChain _chain = new(new TestChain(2));
    private readonly RecentBlocks _recent = new();
    private readonly List<Height> _needed = [];
    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>();
    private TestMesh _mesh = null!;
    private BlockServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(
            2, prepare: peer => peer.Router.On(FrameKind.Response, (_, payload, _) =>
        {
            _answers.Writer.TryWrite(payload.ToArray());
            return ValueTask.FromResult(FrameVerdict.Ok);
        }));
        _server = new(_mesh[0].Network, _chain.Store, _recent, _needed.Add);
    }

    [Fact]
    public async Task A_range_begins_where_it_was_asked_for_and_carries_its_certificates()
    {
        _chain.Grow(2);
        _chain.Grow([Keys.Put(_chain.Clock)], isCertified: false);
        _chain.Grow(1);

        var answer = await AskAsync(new(7, null, new(2)));

        Assert.Equal(7UL, answer.Id);
        Assert.Equal([new(2)], _needed);
        Assert.Equal([2, 3, 4], Decode(answer).Select(block => (int)block.Height.Value));
        Assert.Equal(
            [2, 4], answer.Certificates.Select(certificate => (int)certificate.Subject.Height.Value));
    }

    [Fact]
    public async Task No_more_blocks_are_given_at_once_than_an_answer_may_hold()
    {
        _chain.Grow(BlockResponse.BlocksMax + 2);

        var answer = await AskAsync(new(1, null, new(1)));

        Assert.Equal(BlockResponse.BlocksMax, answer.Blocks.Count);
        Assert.Equal(2, (await AskAsync(new(2, null, new(BlockResponse.BlocksMax + 1)))).Blocks.Count);
    }

    [Fact]
    public async Task No_more_bytes_are_given_at_once_than_an_answer_may_hold()
    {
        for (var i = 0; i < 5; i++)
        {
            _chain.Grow(Large(10));
        }

        var answer = await AskAsync(new(1, null, new(1)));

        Assert.Equal(3, answer.Blocks.Count);
        Assert.True(answer.Blocks.Sum(block => block.Length) <= BlockResponse.BytesMax);
    }

    [Fact]
    public async Task One_block_of_any_size_is_given()
    {
        _chain.Grow(Large(40));
        _chain.Grow(1);

        var answer = await AskAsync(new(1, null, new(1)));

        Assert.True(Assert.Single(answer.Blocks).Length > BlockResponse.BytesMax);
    }

    [Fact]
    public async Task A_block_is_found_by_its_hash_final_or_under_way()
    {
        _chain.Grow(1);
        var final = _chain.Store.ReadBlock(new(1))!;
        var underWay = _chain.Propose(_chain.Machine.HeadHash, Keys.Put(_chain.Clock));
        _recent.Add(underWay);

        Assert.Equal(final.Hash, Assert.Single(Decode(await AskAsync(new(1, final.Hash, new(1))))).Hash);
        Assert.Equal(
            underWay.Hash, Assert.Single(Decode(await AskAsync(new(2, underWay.Hash, new(2))))).Hash);
    }

    [Fact]
    public async Task What_is_not_here_is_answered_by_nothing()
    {
        _chain.Grow(1);

        Assert.Empty((await AskAsync(new(1, null, new(2)))).Blocks);
        Assert.Empty((await AskAsync(new(2, null, new(ulong.MaxValue)))).Blocks);
        Assert.Empty((await AskAsync(new(3, Digest.Zero, new(1)))).Blocks);
    }

    [Fact]
    public async Task A_question_that_is_none_costs_the_connection()
    {
        byte[] good = new BlockRequest(1, null, new(1)).Encode();

        Assert.Equal(FrameVerdict.Disconnect("malformed_request"), await OfferAsync([]));
        Assert.Equal(FrameVerdict.Disconnect("malformed_request"), await OfferAsync(good[..^1]));
        Assert.Equal(FrameVerdict.Disconnect("malformed_request"), await OfferAsync([.. good, 0]));
        Assert.Equal(FrameVerdict.Ok, await OfferAsync(good));
    }

    public async ValueTask DisposeAsync()
    {
        await _mesh.DisposeAsync();
        _chain.Dispose();
    }

    private static IEnumerable<Block> Decode(BlockResponse answer) => answer.Blocks.Select(encoded =>
    {
        Assert.True(BlockCodec.TryDecode(encoded, out var block, out var fault), fault);
        return block;
    });

    private ValueTask<FrameVerdict> OfferAsync(byte[] payload)
        => _server.OnRequestAsync(new(1), payload, CancellationToken.None);

    private async Task<BlockResponse> AskAsync(BlockRequest request)
    {
        Assert.Equal(FrameVerdict.Ok, await OfferAsync(request.Encode()));
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        Assert.True(BlockResponse.TryDecode(await _answers.Reader.ReadAsync(deadline.Token), out var answer));
        return answer;
    }

    private Transaction[] Large(int count)
        => [.. Enumerable.Range(0, count).Select(_ => Keys.Put(_chain.Clock, valueBytes: LargeValue))];
}
