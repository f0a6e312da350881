using System.Collections.Concurrent;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using Ledger.Node.Consensus;
using Ledger.Node.Transport;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Sync;

/// <summary>
/// Gets what this validator lacks: one block by its hash, or all from its head on after it was down. Asks one
/// peer after the other, trusts none of them: a block must have the hash that was asked for, a range must end
/// in a certificate.
/// </summary>
internal sealed partial class BlockSync(
    PeerNetwork network,
    LedgerStore store,
    InboundConsensus inbound,
    FinalityWaiters waiters,
    TimeProvider clock,
    ILogger<BlockSync> logger,
    Func<Height, CancellationToken, Task<bool>>? takesSnapshot = null)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>A peer that takes longer for a range is left for the next, which may be faster.</summary>
    private static readonly TimeSpan Brisk = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For so long a peer may serve blocks without a certificate: one that sends them one by one, each just
    /// in time, must not hold up the others.
    /// </summary>
    private static readonly TimeSpan UncertifiedTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Bytes of blocks held until a certificate for them comes; then a peer is not believed any longer.
    /// </summary>
    private const long UncertifiedBytesMax = 64 * 1024 * 1024;

    /// <summary>Fetches under way; the engine asks for at most a window's, again and again.</summary>
    private const int WishesMax = 256;

    private readonly Channel<(Digest Hash, Height Height)> _wishes = Channel.CreateBounded<(Digest, Height)>(
        new BoundedChannelOptions(
            WishesMax)
        { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>
    /// What is in <see cref="_wishes"/> or under way: the engine repeats itself, and would be served the same
    /// again and again before what it needs next.
    /// </summary>
    private readonly ConcurrentDictionary<Digest, Height> _wished = new();

    /// <summary>Who gave a block last, and is asked for the next one first.</summary>
    private ValidatorIndex? _giver;

    /// <summary>Rung when <see cref="_wish"/> is there.</summary>
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>
    /// The highest that was wished for since the last was taken up: what a peer that is hardly ahead, or a
    /// liar, says must not make this forget what another one has.
    /// </summary>
    private Target? _wish;

    private readonly ConcurrentDictionary<
        ulong, (ValidatorIndex Peer, TaskCompletionSource<BlockResponse> Answer)> _asked = new();
    private long _nextId;

    /// <summary>What an engine asked for last and waits for.</summary>
    private volatile Target? _needed;

    /// <summary>A peer had no longer what was wanted of it.</summary>
    private bool _metPruned;

    /// <summary>
    /// Asks the peers for a block; never waits. What is not found is asked for again by the engine.
    /// </summary>
    public void FetchBlock(Digest hash, Height height)
    {
        if (_wished.TryAdd(hash, height) && !_wishes.Writer.TryWrite((hash, height)))
        {
            _wished.TryRemove(hash, out _);
        }
    }

    /// <summary>
    /// A peer is ahead: fetches up to its height, from it first. Never waits; the highest wish counts.
    /// </summary>
    public void CatchUp(Height target, ValidatorIndex from) => Wish(new(target, from, IsNeeded: false));

    /// <summary>
    /// The same, for an engine that asks once and waits until this height is final here: no later wish
    /// outdoes it.
    /// </summary>
    public void BringTo(Height target, ValidatorIndex from)
    {
        Target needed = new(target, from, IsNeeded: true);
        _needed = needed;
        Wish(needed);
    }

    private void Wish(Target wish)
    {
        for (var known = _wish; known is null || known.Height < wish.Height; known = _wish)
        {
            if (Interlocked.CompareExchange(ref _wish, wish, known) == known)
            {
                break;
            }
        }

        _bell.Writer.TryWrite(true);
    }

    public ValueTask<FrameVerdict> OnResponseAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!BlockResponse.TryDecode(payload, out var response))
        {
            return ValueTask.FromResult(FrameVerdict.Disconnect("malformed_response"));
        }

        // An answer that comes too late, or to a question put to another, is of no use.
        return ValueTask.FromResult(
            _asked.TryGetValue(response.Id, out var asked) && asked.Peer == from
            && asked.Answer.TrySetResult(response)
                ? FrameVerdict.Ok
                : FrameVerdict.Drop("unasked_response"));
    }

    /// <summary>
    /// Both run until they are stopped: one that ends before that has failed, and then all must know.
    /// </summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task[] both = [RunFetchesAsync(stop.Token), RunCatchUpAsync(stop.Token)];
        await Task.WhenAny(both).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(both).ConfigureAwait(false);
    }

    private async Task RunFetchesAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (
                var (hash, height) in _wishes.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                await FetchAsync(hash, height, stoppingToken).ConfigureAwait(false);
                _wished.TryRemove(hash, out _);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task FetchAsync(Digest hash, Height height, CancellationToken stoppingToken)
    {
        foreach (var peer in network.Connected.OrderByDescending(peer => peer == _giver))
        {
            if (height <= store.Head!.Height
                || await AskAsync(peer, new(NextId(), hash, height), stoppingToken)
                    .ConfigureAwait(false) is not { } answer)
            {
                continue;
            }

            if (answer.Blocks.Count == 0)
            {
                continue;
            }

            if (answer.Blocks.Count == 1 && BlockCodec.TryDecode(answer.Blocks[0], out var block, out _)
                && block.Hash == hash)
            {
                _giver = peer;
                inbound.OnFetched(block);
                return;
            }

            network.Punish(peer, "wrong_block");
        }
    }

    private async Task RunCatchUpAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in _bell.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
            {
                if (Interlocked.Exchange(ref _wish, null) is { } target)
                {
                    await FollowAsync(target, stoppingToken).ConfigureAwait(false);
                }

                while (_needed is { } needed && needed.Height > store.Head!.Height)
                {
                    await Task.Delay(AskAgainAfter, clock, stoppingToken).ConfigureAwait(false);
                    await FollowAsync(needed, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task FollowAsync(Target target, CancellationToken stoppingToken)
    {
        if (target.Height > store.Head!.Height
            && !await TakesSnapshotAsync(target, stoppingToken).ConfigureAwait(false))
        {
            await CatchUpAsync(target, stoppingToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a snapshot is the cheaper way, or the only one; the node then leaves this for it. The peers
    /// are asked only when one of them lacks what is wanted, or very many blocks are.
    /// </summary>
    private Task<bool> TakesSnapshotAsync(Target target, CancellationToken stoppingToken)
    {
        var head = store.Head!.Height;
        return takesSnapshot is not null
            && (_metPruned || target.Height.Value >= head.Value + SyncChoice.BlocksLeast)
            ? takesSnapshot(head, stoppingToken)
            : Task.FromResult(false);
    }

    /// <summary>
    /// Goes on while somebody serves something, with whoever does so briskly. A peer that announced more than
    /// it serves is left for the next, and when none of them serves, so be it: the next status of a peer that
    /// is ahead starts this anew.
    /// </summary>
    private async Task CatchUpAsync(Target target, CancellationToken stoppingToken)
    {
        var started = store.Head!.Height;
        List<ValidatorIndex> peers = [target.From, .. network.Connected.Where(peer => peer != target.From)];
        for (var (at, idle) = (0, 0); idle < peers.Count && store.Head!.Height < target.Height;)
        {
            var began = clock.GetTimestamp();
            var served = await TakeRangeAsync(peers[at], target.CertifiedBy, stoppingToken)
                .ConfigureAwait(false);
            idle = served ? 0 : idle + 1;
            at = served && clock.GetElapsedTime(began) < Brisk ? at : (at + 1) % peers.Count;
        }

        if (store.Head!.Height > started)
        {
            LogCaughtUp(logger, started, store.Head!.Height, target.Height);
        }
    }

    /// <summary>
    /// Asks on until a certificate comes: where many blocks became final at once, it is beyond one answer.
    /// </summary>
    private async Task<bool> TakeRangeAsync(
        ValidatorIndex peer, Height certifiedBy, CancellationToken stoppingToken)
    {
        var header = store.Head!;
        var (head, parent) = (header.Height, header.ComputeHash());
        var (last, end) = (head, head);
        List<Block> segment = [];
        var began = clock.GetTimestamp();
        for (var bytes = 0L; end == head && last < certifiedBy && bytes < UncertifiedBytesMax
            && clock.GetElapsedTime(began) < UncertifiedTimeout;)
        {
            var answer = await AskAsync(peer, new(NextId(), null, last.Next), stoppingToken)
                .ConfigureAwait(false);
            if (answer is null || answer.Blocks.Count == 0)
            {
                if (answer?.Lowest > last.Next)
                {
                    _metPruned = true;
                    LogPruned(logger, network.NameOf(peer), answer.Lowest, last.Next);
                }

                return false;
            }

            foreach (var encoded in answer.Blocks)
            {
                if (!BlockCodec.TryDecode(encoded, out var block, out _))
                {
                    network.Punish(peer, "malformed_block");
                    return false;
                }

                // What does not go on from our head would be waited for, and never become final here.
                if (block.Height != last.Next || block.Parent != parent)
                {
                    network.Punish(peer, "bad_segment");
                    return false;
                }

                bytes += encoded.Length;
                (last, parent) = (block.Height, block.Hash);
                segment.Add(block);
                if (answer.Certificates.FirstOrDefault(
                    c => c.Subject.Height == block.Height) is not { } certificate)
                {
                    continue;
                }

                if (!await inbound.OnSegmentAsync(peer, segment, certificate, stoppingToken)
                    .ConfigureAwait(false))
                {
                    network.Punish(peer, "bad_segment");
                    return false;
                }

                end = block.Height;
                segment = [];
                if (block.Header.EndsEpoch && !await AppliedAsync(end, stoppingToken).ConfigureAwait(false))
                {
                    // Who certifies what follows is known once this block is final here.
                    return false;
                }
            }
        }

        return end > head && await AppliedAsync(end, stoppingToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the store has what was handed over, so that no more is fetched than can be taken in.
    /// </summary>
    private async Task<bool> AppliedAsync(Height height, CancellationToken stoppingToken)
    {
        using CancellationTokenSource patience = new(ApplyTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
        try
        {
            while (true)
            {
                // Asked for before the head is read, so that a block that becomes final in between is not
                // missed.
                var next = waiters.NewHead;
                if (store.Head!.Height >= height)
                {
                    return true;
                }

                await next.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return store.Head!.Height >= height;
        }
    }

    private async Task<BlockResponse?> AskAsync(
        ValidatorIndex peer, BlockRequest request, CancellationToken stoppingToken)
    {
        var answer = new TaskCompletionSource<BlockResponse>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[request.Id] = (peer, answer);
        try
        {
            network.Send(FrameKind.Request, request.Encode(), peer);
            return await answer.Task.WaitAsync(AnswerTimeout, clock, stoppingToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(request.Id, out _);
        }
    }

    /// <param name="Height">Up to here.</param>
    /// <param name="From">Who is known to be there.</param>
    /// <param name="IsNeeded">Nobody asks again: it must be reached.</param>
    private sealed record Target(Height Height, ValidatorIndex From, bool IsNeeded)
    {
        /// <summary>
        /// Where a certificate must have come. Who says that a block is final has its certificate, but an
        /// engine may need a height that only a later block certifies.
        /// </summary>
        public Height CertifiedBy => IsNeeded ? new(ulong.MaxValue) : Height;
    }

    private ulong NextId() => (ulong)Interlocked.Increment(ref _nextId);

    [LoggerMessage(
        LogLevel.Information, "{Validator} has no block below {Lowest}, and {Wanted} is wanted")]
    private static partial void LogPruned(
        ILogger logger, string validator, Height lowest, Height wanted);

    [LoggerMessage(LogLevel.Information, "Caught up from height {From} to {To}; a peer was at {Target}")]
    private static partial void LogCaughtUp(ILogger logger, Height from, Height to, Height target);
}
