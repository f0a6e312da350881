using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// The owner of the ledger machine in a simulated process: validates, proposes and finalises, one job after
/// the other, each taking its time, as the node's execution service does.
/// </summary>
internal sealed class Executor(Simulator simulator, Life life)
{
    private const int BlockTransactionsMax = 50;
    private const int BlockBytesMax = 64 * 1024;

    /// <summary>More than this means that the engine asks without end.</summary>
    private const int JobsMax = 2_000;

    private static readonly TimeSpan Job = TimeSpan.FromMicroseconds(60);
    private static readonly TimeSpan ConnectsAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(5);

    private readonly Queue<Action> _jobs = new();
    private ValidatorHistory _members = MembersOn(simulator, life.Host);
    private ProposalRequest? _wanted;
    private TimeSpan _wantedSince;
    private bool _isDue;

    public void Validate(Block block, bool isVouched) => Enqueue(() => ValidateNow(block, isVouched));

    public void Finalise(Decision decision) => Enqueue(() => FinaliseNow(decision));

    public void Propose(ProposalRequest request) => Enqueue(() =>
    {
        _wanted = request;
        _wantedSince = life.Host.Elapsed;
    });

    /// <summary>Blocks of the view that was left may never be final: what they hold waits again.</summary>
    public void OnViewEntered() => Enqueue(() =>
    {
        _wanted = null;
        life.Pool.ReleaseAll();
    });

    /// <summary>A block was not proposed after all.</summary>
    public void OnProposalDropped() => Enqueue(life.Pool.ReleaseAll);

    /// <summary>A transaction is ready: a proposal that waits for one can be made.</summary>
    public void OnTransactionReady()
    {
        if (_wanted is not null)
        {
            Due(TimeSpan.Zero);
        }
    }

    private void Enqueue(Action job)
    {
        _jobs.Enqueue(job);
        simulator.Watch.Bounded("an executor's queue", _jobs.Count, JobsMax);
        Due(Job);
    }

    private void Due(TimeSpan delay)
    {
        if (!_isDue)
        {
            _isDue = true;
            life.After(delay * life.Host.Slowness, Work);
        }
    }

    private void Work()
    {
        _isDue = false;
        if (_jobs.TryDequeue(out var job) && !simulator.Survives(life.Host, job))
        {
            return;
        }

        if (_jobs.Count > 0)
        {
            Due(Job);
            return;
        }

        ProposeIfDue();
    }

    /// <summary>
    /// With nothing under way a block is made at once; behind others it waits a little for company.
    /// </summary>
    private void ProposeIfDue()
    {
        if (_wanted is not { } request || (life.Pool.Ready == 0 && !request.AllowEmpty))
        {
            return;
        }

        var left = BatchDelay - (life.Host.Elapsed - _wantedSince);
        if (request.Parent != life.Machine.HeadHash && !request.AllowEmpty && left > TimeSpan.Zero
            && life.Pool.Ready < BlockTransactionsMax)
        {
            Due(left);
            return;
        }

        ProposeNow(request);
    }

    private void ProposeNow(ProposalRequest request)
    {
        _wanted = null;
        var candidates = life.Pool.Take(BlockTransactionsMax, BlockBytesMax);
        var block = life.Machine.Propose(
            request.Parent, candidates, life.Host.Calendar, life.Self, BlockTransactionsMax, BlockBytesMax);
        if (block is null || (block.Transactions.Count == 0 && !request.AllowEmpty))
        {
            // All candidates were final or expired by now; the wish stands.
            _wanted = block is null ? null : request;
            return;
        }

        simulator.Watch.Finds(life.Host, block.Hash);
        life.OnProposed(request, block);
        Due(Job);
    }

    private void ValidateNow(Block block, bool isVouched)
    {
        var fault = life.Machine.Validate(
            block, isVouched ? null : life.Host.Calendar, simulator.SignatureIsValid);
        if (fault is null)
        {
            life.Pool.SetAside(block.Transactions);
            simulator.Watch.Finds(life.Host, block.Hash);
        }

        life.Post(new Input.Judged(block.Hash, fault));
    }

    private void FinaliseNow(Decision decision)
    {
        if (life.Host.IsHonest)
        {
            simulator.Watch.Decides(life.Host, decision);
        }

        var before = life.Machine.ValidatorsAsOf;
        var final = life.Machine.Finalise(decision.Blocks, decision.Certificates);
        IEnumerable<Input> news = [new Input.Finalised(decision.Blocks[^1].Height)];
        if (life.Machine.ValidatorsAsOf != before)
        {
            var known = _members.Seated;
            _members = MembersOn(simulator, life.Host);
            news = simulator.Protocol.NewsOf(life.Host, life.Machine.Epoch, _members, news.First());
            ConnectNewcomers(known);
        }

        foreach (var input in news)
        {
            life.Post(input);
        }

        foreach (var block in final)
        {
            life.Pool.Remove(block.Block.Transactions, life.Host.Elapsed);
        }

        life.Mempool.OnChanged();
        life.Reads.OnFinal();
        simulator.OnFinal(life.Host, final);
    }

    private void ConnectNewcomers(ValidatorSet known)
    {
        foreach (var seat in _members.Seated.Indices.Where(seat => !known.Contains(seat)))
        {
            foreach (var newcomer in simulator.HostsOf(seat))
            {
                Connect(newcomer, life.Machine.Head.Height);
            }
        }
    }

    /// <summary>
    /// A connection that fails, or does not last until the newcomer knows of its seat, is tried again.
    /// </summary>
    private void Connect(Host newcomer, Height seated)
    {
        var knows = newcomer.Ledger.Head is { } head && head.Height >= seated;
        if (!knows && simulator.IsSeated(newcomer))
        {
            simulator.Connect(life.Host, newcomer);
            life.After(ConnectsAgain, () => Connect(newcomer, seated));
        }
    }

    private static ValidatorHistory MembersOn(Simulator simulator, Host host)
        => ValidatorHistory.Read(simulator.Genesis, key => host.Ledger.ReadState(key));
}
