using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Mempool;
using Ledger.Node.Tracing;

namespace Ledger.Node.Consensus;

/// <param name="MaxTransactions">Of one block.</param>
/// <param name="MaxBytes">Of one block's transactions.</param>
/// <param name="BatchDelay">How long a proposal waits for company while earlier blocks are still under way.</param>
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
/// The single owner of the <see cref="LedgerMachine"/>: validates, proposes and finalises, one job after the other, and
/// answers through the consensus loop. What it is asked is bounded by the engine's window, so its channel is not.
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
    private readonly Channel<Action> _jobs = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly ManualResetEventSlim _bell = new(initialState: true, spinCount: 0);
    private ValidatorIndex _self = self;
    private volatile bool _waitsForTransactions;
    private bool _rests;
    private ProposalRequest? _wanted;
    private long _wantedSince;

    /// <summary>
    /// Told of an epoch whose beginning is durable, on the executor's own thread; answers with this node's seat in it.
    /// </summary>
    public Func<Epoch, ValidatorIndex>? OnEpochBegan { get; set; }

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

    /// <summary>A transaction is ready. Wakes the executor only when it has nothing else to wait for.</summary>
    public void OnTransactionReady()
    {
        if (_waitsForTransactions)
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

                _waitsForTransactions = _wanted is not null;
                var wait = ProposeIfDue();
                if (wait != TimeSpan.Zero)
                {
                    _waitsForTransactions &= wait == Timeout.InfiniteTimeSpan;
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
    /// Answers a wish for a block when there is something to put in it. With nothing under way it is made at once; behind
    /// others it waits a little, so that load makes blocks larger instead of more.
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
        if (othersUnderWay && !request.AllowEmpty && ready < options.MaxTransactions)
        {
            var left = options.BatchDelay - clock.GetElapsedTime(_wantedSince);
            if (left > TimeSpan.Zero)
            {
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
        var epoch = machine.Epoch;
        List<FinalBlock> final = [];

        // A state is there to be kept only while its block is the head.
        var from = 0;
        for (var i = 0; i < decision.Blocks.Count; i++)
        {
            var isDue = snapshots?.IsDue(decision.Blocks[i].Height) == true;
            if (isDue || i == decision.Blocks.Count - 1)
            {
                final.AddRange(machine.Finalise([.. decision.Blocks.Skip(from).Take(i + 1 - from)], decision.Certificates));
                from = i + 1;
            }

            if (isDue)
            {
                snapshots!.Take();
            }
        }

        answer(new Input.Finalised(decision.Blocks[^1].Height));
        if (machine.Epoch.Number != epoch.Number)
        {
            _self = OnEpochBegan?.Invoke(machine.Epoch) ?? _self;
            answer(new Input.EpochBegan(machine.Epoch, _self));
        }

        Traces.Finalised(final, since);
        finalised(final);
    }

    private Timestamp Now() => new(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
