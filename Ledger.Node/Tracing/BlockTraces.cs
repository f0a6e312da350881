using System.Buffers.Binary;
using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Tracing;

/// <summary>
/// Spans of blocks: each phase, execution, commit, and the whole. A block's trace is named by its hash, so
/// that all validators write into one trace without a word about it on the wire, and by the same ratio trace
/// the same blocks.
/// </summary>
/// <remarks>
/// Called by the consensus loop and by the executor; every span is written whole, once its end is known.
/// </remarks>
internal sealed class BlockTraces(TimeProvider clock, int samplePerMille)
{
    private const int PerMille = 1000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<Height, Progress> _underWay = [];

    /// <summary>Traces nothing.</summary>
    public static BlockTraces Off { get; } = new(TimeProvider.System, 0);

    public DateTimeOffset Now => clock.GetUtcNow();

    public void Noticed(Notice notice)
    {
        if (notice is not Notice.PhaseReached reached || !IsTraced(reached.Subject.Block))
        {
            return;
        }

        var (height, now) = (reached.Subject.Height, Now);
        DateTimeOffset? since = null;
        lock (_lock)
        {
            if (_underWay.TryGetValue(height, out var before) && before.Block == reached.Subject.Block)
            {
                since = before.PhaseAt;
            }

            _underWay[height] = new(
                reached.Subject.Block, since is null ? now : _underWay[height].FirstAt, now);
        }

        if (since is { } from)
        {
            Write(
                $"ledger.{reached.Phase.ToString().ToLowerInvariant()}", reached.Subject.Block, height, from,
                now)?
                .SetTag("ledger.view", (long)reached.Subject.View.Value).Dispose();
        }
    }

    /// <summary>The executor made a block, or judged one.</summary>
    public void Executed(Block block, string how, DateTimeOffset since, string? fault = null)
    {
        if (IsTraced(block.Hash))
        {
            using var span = Write("ledger.execute", block.Hash, block.Height, since, Now);
            span?.SetTag("ledger.how", how).SetTag("ledger.transactions", block.Transactions.Count);
            if (fault is not null)
            {
                span?.SetStatus(ActivityStatusCode.Error, fault);
            }
        }
    }

    /// <summary>Blocks are durable; what was under way at their heights is settled.</summary>
    public void Finalised(IReadOnlyList<FinalBlock> final, DateTimeOffset since)
    {
        foreach (var (block, _, _, _, _) in final)
        {
            if (!IsTraced(block.Hash))
            {
                continue;
            }

            var now = Now;
            Write("ledger.commit", block.Hash, block.Height, since, now)?.Dispose();
            lock (_lock)
            {
                var isOurs = _underWay.TryGetValue(block.Height, out var progress)
                    && progress.Block == block.Hash;
                using var span = Write(
                    "ledger.block", block.Hash, block.Height, isOurs ? progress!.FirstAt : since, now);
                span?.SetTag("ledger.transactions", block.Transactions.Count);
            }
        }

        lock (_lock)
        {
            while (_underWay.Count > 0 && _underWay.First().Key <= final[^1].Block.Height)
            {
                _underWay.Remove(_underWay.First().Key);
            }
        }
    }

    /// <summary>The trace of a block, and a parent that all its spans share.</summary>
    internal static ActivityContext ContextOf(Digest block)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        block.CopyTo(bytes);
        return new(
            ActivityTraceId.CreateFromBytes(bytes[..16]), ActivitySpanId.CreateFromBytes(bytes[16..24]),
            ActivityTraceFlags.Recorded, isRemote: true);
    }

    /// <summary>By the hash alone: whoever has the same ratio traces the same blocks.</summary>
    private bool IsTraced(Digest block)
    {
        if (samplePerMille == 0 || !NodeTracing.Source.HasListeners())
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Digest.Size];
        block.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes[^4..]) % PerMille < samplePerMille;
    }

    private static Activity? Write(
        string name, Digest block, Height height, DateTimeOffset since, DateTimeOffset until)
    {
        var around = Activity.Current;
        var span = NodeTracing.Source.StartActivity(
            name, ActivityKind.Internal, ContextOf(block), startTime: since);
        Activity.Current = around;
        return span?.SetTag("ledger.height", (long)height.Value).SetTag("ledger.hash", block.ToString())
            .SetEndTime(until.UtcDateTime);
    }

    /// <param name="FirstAt">When this validator first spoke about it.</param>
    /// <param name="PhaseAt">When it reached its last phase.</param>
    private sealed record Progress(Digest Block, DateTimeOffset FirstAt, DateTimeOffset PhaseAt);
}
