using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Hosting;
using Ledger.Node.Tests.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace Ledger.Node.Tests.Consensus;

/// <summary>
/// A consensus loop whose replica is a test: every input is handed to it, in the order in which the loop
/// gives them, and every turn is known by its one synced write.
/// </summary>
internal sealed class RunningLoop : IEngine, IJournal, IVoice, IWorld, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Input> _inputs = Channel.CreateUnbounded<Input>();

    public RunningLoop(TestChain chain)
    {
        Epoch epoch = new(0, chain.Validators, new(View.Zero, Height.Genesis, Digest.Zero));
        PbftEngine stands = new(
            epoch, new(0), PbftOptions.Default, new(Digest.Zero, [Digest.Zero], Height.Genesis));
        ConsensusMetrics metrics = new(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), "view");
        Loop = new(stands, chain.Validators.Count, metrics, NullLogger<ConsensusLoop>.Instance);
    }

    public ConsensusLoop Loop { get; }

    /// <summary>What the engine does with an input, on the loop's own thread.</summary>
    public Action<Input> OnInput { get; set; } = _ => { };

    /// <summary>How many inputs each turn had.</summary>
    public Channel<int> Turns { get; } = Channel.CreateUnbounded<int>();

    public Task Ended { get; private set; } = Task.CompletedTask;

    public ValidatorIndex Self => new(0);

    public Digest Chain => Digest.Zero;

    public RunningLoop Start()
    {
        Replica replica = new(this, this, this, this);
        Ended = DedicatedThread.Run("loop under test", () => Loop.Run(replica, _stop.Token));
        return this;
    }

    public async Task<Input> NextAsync()
    {
        using var deadline = new CancellationTokenSource(TestChain.Deadline);
        return await _inputs.Reader.ReadAsync(deadline.Token);
    }

    /// <summary>The next of one kind; others in between are passed over.</summary>
    public async Task<T> NextAsync<T>()
        where T : Input
    {
        while (true)
        {
            if (await NextAsync() is T wanted)
            {
                return wanted;
            }
        }
    }

    public async Task<Input[]> NextAsync(int count)
    {
        var inputs = new Input[count];
        for (var i = 0; i < count; i++)
        {
            inputs[i] = await NextAsync();
        }

        return inputs;
    }

    /// <summary>All that was posted before this call, of the kinds that a test looks for.</summary>
    public async Task<List<Input>> SoFarAsync()
    {
        Input.SnapshotReceived mark = new(new(ulong.MaxValue), 0);
        Loop.Post(mark);
        List<Input> inputs = [];
        while (await NextAsync() is var input && input != mark)
        {
            inputs.Add(input);
        }

        return inputs;
    }

    public Task StopAsync() => _stop.CancelAsync();

    void IEngine.Step(Input input, Effects effects)
    {
        OnInput(input);
        _inputs.Writer.TryWrite(input);
        effects.Persist(new Heard());
    }

    void IEngine.Replay(JournalRecord record) => throw new NotSupportedException();

    void IJournal.Append(IReadOnlyList<JournalRecord> records) => Turns.Writer.TryWrite(records.Count);

    void IJournal.Replace(IReadOnlyList<JournalRecord> records) => throw new NotSupportedException();

    Signature IVoice.Sign(in Statement statement) => throw new NotSupportedException();

    void IWorld.Send(Envelope envelope, Recipients to) => throw new NotSupportedException();

    void IWorld.Carry(Effect effect) => throw new NotSupportedException();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Loop.Dispose();
        _stop.Dispose();
    }

    private sealed record Heard : JournalRecord;
}
