using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using Ledger.Node.Consensus;
using Ledger.Node.Hosting;
using Ledger.Node.Sync;
using Ledger.Node.Tests.Consensus;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace Ledger.Node.Tests.Sync;

/// <summary>
/// A validator that lacks blocks, and three peers that answer as a test says. Validator 1 is asked first.
/// </summary>
public sealed partial class BlockSyncTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly FinalChain _behind;
    private readonly FinalChain _ahead;
    private readonly FinalityWaiters _waiters = new();
    private readonly RunningLoop _running = new(new TestChain(4));
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<BlockRequest, BlockResponse?>[] _answers;
    private readonly Channel<(int Peer, BlockRequest Request)> _asked =
        Channel.CreateUnbounded<(int Peer, BlockRequest Request)>();

    private readonly TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Height _target;
    private TestMesh _mesh = null!;
    private BlockSync _sync = null!;
    private Task _runs = Task.CompletedTask;

    public BlockSyncTests()
    {
        _behind = new(new(4), _clock);
        _ahead = new(new(4), _clock);
        _answers = [.. Enumerable.Repeat<Func<BlockRequest, BlockResponse?>>(Honest, 4)];
    }

    public async ValueTask InitializeAsync()
    {
        _mesh = await TestMesh.StartAsync(4, prepare: Prepare);
        var genesis = _behind.Genesis;
        ValidatorDirectory directory = new(
            genesis, genesis.Validators[new(0)].PublicKey, Epoch.First(genesis), ValidatorHistory.Of(
                genesis));
        ValidatorSignatures signatures = new(
            directory, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()).CreateCounter("checked", ""));
        PbftConsensus protocol = new(directory, PbftOptions.Default, TimeSpan.FromSeconds(10), signatures);
        InboundConsensus inbound = new(
            protocol, _running.Loop, new SyncLag(genesis.Validators.Count, protocol.LiarsMax),
            new(genesis.Validators.Count, _clock), () => _behind.Store.Head!.Height);
        _running.OnInput = Apply;
        _running.Start();
        _sync = new(
            _mesh[0].Network, _behind.Store, inbound, _waiters, _clock, NullLogger<BlockSync>.Instance);
        _runs = _sync.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task A_range_is_taken_over_in_as_many_answers_as_it_needs()
    {
        _ahead.Grow(BlockResponse.BlocksMax + 3);

        await CatchUpAsync();

        Assert.Equal(_ahead.Store.HeadHash, _behind.Store.HeadHash);
        Assert.Equal([(1, 1), (1, BlockResponse.BlocksMax + 1)], await QuestionsAsync(2));
    }

    [Fact]
    public async Task A_forged_certificate_is_punished_and_the_next_peer_is_asked()
    {
        _ahead.Grow(3);
        _answers[1] = request => Honest(request) with
        {
            Certificates = [Forge(_ahead.Store.ReadCertificate(new(1))!)],
        };

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 1)], await QuestionsAsync(2));
        await IsPunishedAsync("bad_segment");
    }

    [Fact]
    public async Task A_block_that_does_not_decode_is_punished_and_the_next_peer_is_asked()
    {
        _ahead.Grow(3);
        _answers[1] = request => new(request.Id, [new byte[] { 1, 2, 3 }], []);

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 1)], await QuestionsAsync(2));
        await IsPunishedAsync("malformed_block");
    }

    [Fact]
    public async Task A_gap_in_a_range_is_punished()
    {
        _ahead.Grow(3);
        _answers[1] = request => new(
            request.Id, [_ahead.Store.ReadBlockBytes(new(1))!, _ahead.Store.ReadBlockBytes(new(3))!],
            [_ahead.Store.ReadCertificate(new(3))!]);

        await CatchUpAsync();

        await IsPunishedAsync("bad_segment");
    }

    /// <summary>
    /// Time stands still in this test: who is believed and brings nothing would be waited for without end.
    /// </summary>
    [Fact]
    public async Task A_range_that_does_not_begin_at_our_head_is_punished_at_once()
    {
        _ahead.Grow(3);
        _answers[1] = request => Honest(request with { From = request.From.Next });

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 1)], await QuestionsAsync(2));
        await IsPunishedAsync("bad_segment");
    }

    /// <summary>
    /// More than f lied: two certified chains. Ours is not left for theirs, nor theirs waited for.
    /// </summary>
    [Fact]
    public async Task A_certified_range_of_another_chain_than_ours_is_punished_at_once()
    {
        using FinalChain fork = new(new(4), _clock);
        fork.Grow(3);
        var common = _ahead.Grow([Keys.Put(_clock)]);
        _behind.Machine.Finalise([common], [_ahead.Certify(common)]);
        _ahead.Grow(2);
        _answers[1] = request => Honest(request, fork);

        await CatchUpAsync();

        Assert.Equal([(1, 2), (2, 2)], await QuestionsAsync(2));
        await IsPunishedAsync("bad_segment");
    }

    [Fact]
    public async Task Whoever_has_nothing_is_left_for_the_next_and_not_punished()
    {
        _ahead.Grow(2);
        _answers[1] = request => new(request.Id, [], []);

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 1)], await QuestionsAsync(2));
        Assert.DoesNotContain("-1", _mesh[0].Events);
    }

    [Fact]
    public async Task Blocks_without_any_certificate_are_not_believed()
    {
        _ahead.Grow(2);
        _answers[1] = request => Honest(request) with { Certificates = [] };

        await CatchUpAsync();

        Assert.Equal([(1, 1), (2, 1)], await QuestionsAsync(2));
    }

    [Fact]
    public async Task Whoever_is_silent_is_left_for_the_next()
    {
        _ahead.Grow(2);
        _answers[1] = _ => null;
        var caughtUp = CatchUpAsync();
        Assert.Equal([(1, 1)], await QuestionsAsync(1));

        _clock.Advance(2);

        await caughtUp;
        Assert.Equal([(2, 1)], await QuestionsAsync(1));
    }

    [Fact]
    public async Task What_an_engine_waits_for_is_brought_whatever_is_wished_for_after_it()
    {
        _ahead.Grow(3);
        _target = new(3);
        for (var peer = 1; peer < _answers.Length; peer++)
        {
            var isSilent = peer == 1;
            _answers[peer] = request => isSilent && request.From.Value == 1 ? null : OneOf(Honest(request));
        }

        _sync.CatchUp(new(1), new(1));
        Assert.Equal([(1, 1)], await QuestionsAsync(1));
        _sync.BringTo(new(3), new(1));
        _sync.CatchUp(new(2), new(1));

        // Time goes on slowly: an answer must come in less than its patience.
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        using PeriodicTimer time = new(TimeSpan.FromMilliseconds(10));
        while (!_applied.Task.IsCompleted)
        {
            _clock.Advance(0.1);
            await time.WaitForNextTickAsync(deadline.Token);
        }

        Assert.Equal(_ahead.Store.HeadHash, _behind.Store.HeadHash);
    }

    [Fact]
    public async Task A_block_is_fetched_by_its_hash()
    {
        _ahead.Grow(2);
        var wanted = _ahead.Store.ReadBlock(new(2))!;

        _sync.FetchBlock(wanted.Hash, wanted.Height);

        Assert.Equal(wanted.Hash, (await _running.NextAsync<Input.Fetched>()).Block.Hash);
    }

    [Fact]
    public async Task Another_block_than_was_asked_for_is_punished_and_the_next_peer_is_asked()
    {
        _ahead.Grow(2);
        var wanted = _ahead.Store.ReadBlock(new(2))!;
        _answers[1] = request => new(request.Id, [_ahead.Store.ReadBlockBytes(new(1))!], []);

        _sync.FetchBlock(wanted.Hash, wanted.Height);

        Assert.Equal(wanted.Hash, (await _running.NextAsync<Input.Fetched>()).Block.Hash);
        await IsPunishedAsync("wrong_block");
    }

    [Fact]
    public async Task Who_lacks_the_block_is_not_punished()
    {
        _ahead.Grow(1);
        var wanted = _ahead.Store.ReadBlock(new(1))!;
        _answers[1] = _answers[2] = request => new(request.Id, [], []);

        _sync.FetchBlock(wanted.Hash, wanted.Height);

        Assert.Equal(wanted.Hash, (await _running.NextAsync<Input.Fetched>()).Block.Hash);
        Assert.DoesNotContain("-1", _mesh[0].Events);
    }

    [Fact]
    public async Task An_answer_counts_only_from_whom_it_was_asked()
    {
        _answers[1] = _ => null;
        _sync.FetchBlock(Digest.Zero, new(1));
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        var (_, request) = await _asked.Reader.ReadAsync(deadline.Token);
        var answer = new BlockResponse(request.Id, [], []).Encode();

        Assert.Equal(FrameVerdict.Drop("unasked_response"), await OfferAsync(2, answer));
        Assert.Equal(FrameVerdict.Ok, await OfferAsync(1, answer));
        Assert.Equal(FrameVerdict.Drop("unasked_response"), await OfferAsync(1, answer));
        Assert.Equal(
            FrameVerdict.Drop("unasked_response"), await OfferAsync(
                1, new BlockResponse(9999, [], []).Encode()));
    }

    [Fact]
    public async Task An_answer_that_is_none_costs_the_connection()
        => Assert.Equal(FrameVerdict.Disconnect("malformed_response"), await OfferAsync(1, [0xc1]));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        await _running.DisposeAsync();
        await _mesh.DisposeAsync();
        _ahead.Dispose();
        _behind.Dispose();
        _stop.Dispose();
    }

    private static QuorumCertificate Forge(QuorumCertificate certificate) => new(
        certificate.Kind, certificate.Subject,
        [.. certificate.Signers.Select(signer => signer with { Signature = Keys.Stranger.Sign([1]) })]);

    private void Prepare(TestPeer peer)
    {
        var index = peer.Identity.Self.Value;
        peer.Router
            .On(FrameKind.Response, (from, payload, token) => _sync.OnResponseAsync(from, payload, token))
            .On(FrameKind.Request, (from, payload, _) =>
            {
                Assert.True(BlockRequest.TryDecode(payload, out var request));
                _asked.Writer.TryWrite((index, request));
                if (_answers[index](request) is { } answer)
                {
                    peer.Network.Send(FrameKind.Response, answer.Encode(), from);
                }

                return ValueTask.FromResult(FrameVerdict.Ok);
            });
    }

    /// <summary>What an honest peer answers.</summary>
    private BlockResponse Honest(BlockRequest request) => Honest(request, _ahead);

    private static BlockResponse OneOf(BlockResponse response)
        => response with
        {
            Blocks = [.. response.Blocks.Take(1)],
            Certificates = [.. response.Certificates.Take(1)]
        };

    private static BlockResponse Honest(BlockRequest request, FinalChain chain)
    {
        if (request.Hash is { } hash)
        {
            return chain.Store.FindBlock(hash) is { } height
                ? new(request.Id, [chain.Store.ReadBlockBytes(height)!], [])
                : new(request.Id, [], []);
        }

        Height[] heights =
        [
            .. Enumerable.Range(0, BlockResponse.BlocksMax)
                .Select(i => new Height(request.From.Value + (ulong)i))
                .Where(height => height <= chain.Store.Head!.Height),
        ];
        return new(
            request.Id,
            [.. heights.Select(height => (ReadOnlyMemory<byte>)chain.Store.ReadBlockBytes(height)!)],
            [.. heights.Select(height => chain.Store.ReadCertificate(height)!)]);
    }

    /// <summary>
    /// What consensus makes of a segment: it becomes final here, and who waits is told; no time passes.
    /// </summary>
    private void Apply(Input input)
    {
        if (input is not Input.Synced synced)
        {
            return;
        }

        foreach (var final in _behind.Machine.Finalise(synced.Segment.Blocks, [synced.Segment.Certificate]))
        {
            _waiters.OnFinal(final);
        }

        if (_behind.Store.Head!.Height == _target)
        {
            _applied.TrySetResult();
        }
    }

    private async Task CatchUpAsync()
    {
        _target = _ahead.Store.Head!.Height;
        _sync.CatchUp(_target, new(1));
        await _applied.Task.WaitAsync(TestChain.Deadline, TestContext.Current.CancellationToken);
    }

    private async Task<List<(int Peer, int From)>> QuestionsAsync(int count)
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        List<(int Peer, int From)> questions = [];
        while (questions.Count < count)
        {
            var (peer, request) = await _asked.Reader.ReadAsync(deadline.Token);
            questions.Add((peer, (int)request.From.Value));
        }

        return questions;
    }

    private async Task IsPunishedAsync(string reason)
    {
        Assert.Equal(1, _mesh[0].Dropped("validator-1", reason));
        await _mesh[0].UntilAsync(() => _mesh[0].Events.Contains("-1"));
    }

    private ValueTask<FrameVerdict> OfferAsync(int from, byte[] payload)
        => _sync.OnResponseAsync(new(from), payload, CancellationToken.None);
}
