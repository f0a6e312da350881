using System.Collections.Concurrent;
using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Tests.Transport;
using Ledger.Node.Tracing;

namespace Ledger.Node.Tests.Tracing;

public sealed class TracesTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;
    private readonly FinalChain _chain;

    public TracesTests()
    {
        _chain = new(new(4), _clock);
        _listener = new()
        {
            ShouldListenTo = source => source.Name == NodeTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _)
                => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _chain.Dispose();
    }

    [Fact]
    public void A_block_leaves_a_span_for_each_phase_and_one_for_the_whole_in_the_trace_of_its_hash()
    {
        BlockTraces traces = new(_clock, 1000);
        var block = _chain.Grow([Keys.Put(_clock)]);

        var since = traces.Now;
        _clock.Advance(seconds: 1);
        traces.Executed(block, "validate", since);
        traces.Noticed(Reached(Phase.Proposed, block));
        _clock.Advance(seconds: 2);
        traces.Noticed(Reached(Phase.Prepared, block));
        _clock.Advance(seconds: 3);
        traces.Noticed(Reached(Phase.Committed, block));
        since = traces.Now;
        _clock.Advance(seconds: 4);
        traces.Finalised([new(block, null, [], [], [])], since);

        Assert.Equal(
            [
                ("ledger.execute", 1), ("ledger.prepared", 2), ("ledger.committed", 3), ("ledger.commit", 4),
                ("ledger.block", 9),
            ],
            Of(block).Select(span => (span.OperationName, (int)span.Duration.TotalSeconds)));
        Assert.All(Of(block), span => Assert.StartsWith(
            span.TraceId.ToHexString(), block.Hash.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_replaced_at_its_height_lends_its_times_to_nobody()
    {
        BlockTraces traces = new(_clock, 1000);
        var block = _chain.Grow([Keys.Put(_clock)]);
        Subject other = new(View.Zero, block.Height, Sha256.Hash([1]));

        traces.Noticed(new Notice.PhaseReached(Phase.Proposed, other));
        _clock.Advance(seconds: 5);
        traces.Noticed(Reached(Phase.Prepared, block));
        traces.Finalised([new(block, null, [], [], [])], traces.Now);

        Assert.Equal(
            [("ledger.commit", 0), ("ledger.block", 0)],
            Of(block).Select(span => (span.OperationName, (int)span.Duration.TotalSeconds)));
    }

    [Fact]
    public void All_validators_trace_the_same_share_of_blocks()
    {
        BlockTraces few = new(_clock, 100);
        BlockTraces same = new(_clock, 100);
        _chain.Grow(blocks: 60);

        var traced = 0;
        for (ulong height = 1; height <= 60; height++)
        {
            var block = _chain.Store.ReadBlock(new(height))!;
            few.Executed(block, "validate", few.Now);
            var first = Of(block).Count();
            same.Executed(block, "validate", same.Now);
            Assert.Equal(2 * first, Of(block).Count());
            traced += first;
        }

        Assert.InRange(traced, 0, 30);
    }

    [Fact]
    public void A_transaction_is_followed_to_its_block_in_the_trace_of_its_request()
    {
        TransactionTraces traces = new(_clock);
        var transaction = Keys.Put(_clock);
        ActivityTraceId trace;
        using (var request = NodeTracing.Source.StartActivity("request")!)
        {
            trace = request.TraceId;
            traces.Admitted(transaction);
        }

        _clock.Advance(seconds: 1);
        var block = _chain.Grow([transaction]);
        traces.Finalised(new(block, null, [], [], []));
        traces.Finalised(new(block, null, [], [], []));

        var span = Assert.Single(
            _spans, span => span.OperationName == "ledger.finality" && span.TraceId == trace);
        Assert.Equal(BlockTraces.ContextOf(block.Hash).TraceId, Assert.Single(span.Links).Context.TraceId);
    }

    [Fact]
    public void What_nobody_traces_is_not_remembered()
    {
        TransactionTraces traces = new(_clock);
        var transaction = Keys.Put(_clock);

        Activity.Current = null;
        traces.Admitted(transaction);
        var block = _chain.Grow([transaction]);
        traces.Finalised(new(block, null, [], [], []));

        Assert.DoesNotContain(
            _spans, span => Equals(span.GetTagItem("ledger.hash"), transaction.Hash.ToString()));
    }

    private static Notice.PhaseReached Reached(Phase phase, Block block)
        => new(phase, new(View.Zero, block.Height, block.Hash));

    /// <summary>Other tests make blocks at the same time.</summary>
    private IEnumerable<Activity> Of(Block block)
        => _spans.Where(span => Equals(span.GetTagItem("ledger.hash"), block.Hash.ToString()));
}
