using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Mempool;
using Ledger.Node.Tracing;

namespace Ledger.Node.Consensus;

/// <param name="MaxTransactions">Of one block.</param>
/// <param name="MaxBytes">Of one block's transactions.</param>
/// <param name="BatchDelay">How long a proposal waits for company while earlier blocks are still under
/// way.</param>
public sealed record ProposalOptions(int MaxTransactions, int MaxBytes, TimeSpan BatchDelay);

/// <summary>Which blocks' states are kept as snapshots.</summary>
/// <param name="everyBlocks">Those whose height this divides; 0 for none.</param>
/// <param name="take">Called while such a block is the head; does not wait.</param>
public sealed class SnapshotSchedule(ulong everyBlocks, Action take)
{
    public bool IsDue(Height height) => everyBlocks > 0 && height.Value % everyBlocks == 0;

    public void Take() => take();
}

/// <summary>
/// The single owner of the <see cref="LedgerMachine"/>: validates, proposes and finalises, one job after the
/// other, and answers through the consensus loop. What it is asked is bounded by the engine's window, so its
/// channel is not.
/// </summary>
public sealed class ExecutionService(
    LedgerMachine machine,
    SharedPool pool,
    Admission admission,
    ValidatorIndex self,
    ProposalOptions options,
    TimeProvider clock,
    Action<Input> answer,
    Action<Block> proposed,
    Action<IReadOnlyList<FinalBlock>> finalised,
    SnapshotSchedule? snapshots = null) : IDisposable
{
    /// <summary>How much sooner a block gives up waiting when nothing is under way.</summary>
    private const int ReturnShare = 5;

    private readonly Channel<Action> _jobs = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly ManualResetEventSlim _bell = new(initialState: true, spinCount: 0);
    private ValidatorIndex _self = self;

    /// <summary>So many ready transactions wake the executor.</summary>
    private volatile int _wakeAt = int.MaxValue;
    private bool _rests;
    private ProposalRequest? _wanted;
    private long _wantedSince;
    private long _finalSince = clock.GetTimestamp();
    private int _lastCount;

    /// <summary>
    /// Told, on the executor's own thread, that the block of this input is durable and changed who the
    /// validators are; answers with this node's seat from now on, and what the engine is to be told.
    /// </summary>
    public Func<Epoch, Input.Finalised, (ValidatorIndex Self, IReadOnlyList<Input> News)>?
        OnValidatorsChanged
    { get; set; }

    internal BlockTraces Traces { get; init; } = BlockTraces.Off;

    public void Validate(Block block, bool isVouched) => Post(() => ValidateNow(block, isVouched));

    public void Finalise(Decision decision) => Post(() => FinaliseNow(decision));

    public void Propose(ProposalRequest request) => Post(() =>
    {
        _wanted = request;
        _wantedSince = clock.GetTimestamp();
    });

    /// <summary>Whether this validator leaves proposing to others, as its operator wishes.</summary>
    public void Rest(bool rests) => Post(() => _rests = rests);

    /// <summary>Blocks of the view that was left may never be final: what they hold waits again.</summary>
    public void OnViewEntered() => Post(() =>
    {
        _wanted = null;
        pool.ReleaseAll();
    });

    /// <summary>A block came too late to be proposed: what it holds waits again.</summary>
    public void OnProposalDropped() => Post(pool.ReleaseAll);

    /// <summary>A transaction is ready. Wakes the executor only when that changes what it does.</summary>
    public void OnTransactionReady()
    {
        if (_wakeAt is var wakeAt and < int.MaxValue && pool.Ready >= wakeAt)
        {
            _bell.Set();
        }
    }

    /// <summary>Works until it is told to stop; what waits then is in the journal or at a peer.</summary>
    public void Run(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                _bell.Reset();
                while (_jobs.Reader.TryRead(out var job))
                {
                    job();
                }

                // Before it looks, so that what becomes ready meanwhile rings.
                _wakeAt = _wanted is null ? int.MaxValue : 1;
                var wait = ProposeIfDue();
                if (wait != TimeSpan.Zero)
                {
                    _bell.Wait(wait, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    public void Dispose() => _bell.Dispose();

    private void Post(Action job)
    {
        _jobs.Writer.TryWrite(job);
        _bell.Set();
    }

    /// <summary>
    /// Answers a wish for a block when there is something to put in it. Behind others it waits a little, so
    /// that load makes blocks larger instead of more. With nothing under way it waits, for a part of that,
    /// only for as many as were in the last one: who was told of that sends the next, some sooner and some
    /// later. So a lone client never waits.
    /// </summary>
    /// <returns>Zero when a block was made; otherwise how long to wait unless something happens.</returns>
    private TimeSpan ProposeIfDue()
    {
        if (_wanted is not { } request)
        {
            return Timeout.InfiniteTimeSpan;
        }

        // One that may be empty finishes what is under way: that is asked of a resting validator, too.
        var ready = pool.Ready;
        if ((ready == 0 || _rests) && !request.AllowEmpty)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var othersUnderWay = request.Parent != machine.HeadHash;
        var enough = othersUnderWay ? options.MaxTransactions : Math.Min(_lastCount, options.MaxTransactions);
        if (ready < enough && !request.AllowEmpty)
        {
            var left = othersUnderWay
                ? options.BatchDelay - clock.GetElapsedTime(_wantedSince)
                : (options.BatchDelay / ReturnShare) - clock.GetElapsedTime(
                    Math.Max(_wantedSince, _finalSince));
            if (left > TimeSpan.Zero)
            {
                _wakeAt = enough;
                return left;
            }
        }

        return ProposeNow(request) ? TimeSpan.Zero : Timeout.InfiniteTimeSpan;
    }

    private bool ProposeNow(ProposalRequest request)
    {
        _wanted = null;
        var since = Traces.Now;
        var candidates = pool.Take(options.MaxTransactions, options.MaxBytes);
        var block = machine.Propose(
            request.Parent, candidates, Now(), _self, options.MaxTransactions, options.MaxBytes);
        if (block is null || (block.Transactions.Count == 0 && !request.AllowEmpty))
        {
            // All candidates were final or expired by now; the wish stands.
            _wanted = block is null ? null : request;
            return false;
        }

        _lastCount = block.Transactions.Count;
        Traces.Executed(block, "propose", since);
        proposed(block);
        answer(new Input.Proposed(request, block));
        return true;
    }

    private void ValidateNow(Block block, bool isVouched)
    {
        var since = Traces.Now;
        var badlySigned = admission.BadlySigned(block.Transactions);
        var fault = machine.Validate(
            block, isVouched ? null : Now(), transaction => !badlySigned.Contains(transaction));
        if (fault is null)
        {
            pool.SetAside(block.Transactions);
        }

        Traces.Executed(block, "validate", since, fault);
        answer(new Input.Judged(block.Hash, fault));
    }

    private void FinaliseNow(Decision decision)
    {
        var since = Traces.Now;
        var validatorsAsOf = machine.ValidatorsAsOf;
        List<FinalBlock> final = [];

        // A state is there to be kept only while its block is the head.
        var from = 0;
        for (var i = 0; i < decision.Blocks.Count; i++)
        {
            var isDue = snapshots?.IsDue(decision.Blocks[i].Height) == true;
            if (isDue || i == decision.Blocks.Count - 1)
            {
                final.AddRange(machine.Finalise(
                    [.. decision.Blocks.Skip(from).Take(i + 1 - from)], decision.Certificates));
                from = i + 1;
            }

            if (isDue)
            {
                snapshots!.Take();
            }
        }

        _finalSince = clock.GetTimestamp();
        Input.Finalised last = new(decision.Blocks[^1].Height);
        IReadOnlyList<Input> news = [last];
        if (machine.ValidatorsAsOf != validatorsAsOf && OnValidatorsChanged is { } changed)
        {
            (_self, news) = changed(machine.Epoch, last);
        }

        foreach (var input in news)
        {
            answer(input);
        }

        Traces.Finalised(final, since);
        finalised(final);
    }

    private Timestamp Now() => new(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
