using System.Diagnostics;
using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>
/// The single writer. Network, timers, mempool and executor only ever write to its channels; this loop alone touches the
/// replica, so the replica needs no locks. What comes from within is never refused and read first; what comes from peers
/// waits for room, each peer for its own.
/// </summary>
public sealed partial class ConsensusLoop(PbftEngine engine, ConsensusMetrics metrics, ILogger<ConsensusLoop> logger)
{
    /// <summary>Bounds one turn: the more that waits, the more one sync carries, up to here.</summary>
    private const int TurnMax = 256;

    private const int PeersMax = 1024;

    private readonly Channel<Input> _within = Channel.CreateUnbounded<Input>(new() { SingleReader = true });
    private readonly Channel<Input> _peers = Channel.CreateBounded<Input>(
        new BoundedChannelOptions(PeersMax) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>Rung when either channel has something; a bell that rings already is enough.</summary>
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private long _lastTurn = Stopwatch.GetTimestamp();

    /// <summary>What the engine was like after the last turn; the same record for all fields.</summary>
    public ConsensusPosition Position { get; private set; } = ConsensusPosition.Of(engine);

    /// <summary>How long ago the loop last turned or slept with nothing to do.</summary>
    public TimeSpan SinceLastTurn
        => _bell.Reader.Count == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(Volatile.Read(ref _lastTurn));

    /// <summary>From timers, the executor, the mempool: bounded by what the engine itself asked for.</summary>
    public void Post(Input input)
    {
        _within.Writer.TryWrite(input);
        _bell.Writer.TryWrite(true);
    }

    /// <summary>From a peer: waits while the loop is busy, which slows that peer's reader and nobody else.</summary>
    public async ValueTask OfferAsync(Input input, CancellationToken cancellationToken)
    {
        await _peers.Writer.WriteAsync(input, cancellationToken).ConfigureAwait(false);
        _bell.Writer.TryWrite(true);
    }

    /// <summary>Turns until it is told to stop. Any other way out means that this node must end.</summary>
    public async Task RunAsync(Replica replica, CancellationToken stoppingToken)
    {
        List<Input> turn = new(TurnMax);
        try
        {
            while (replica.HasOwnWords || await _bell.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                stoppingToken.ThrowIfCancellationRequested();
                _bell.Reader.TryRead(out _);
                Collect(turn);
                var started = Stopwatch.GetTimestamp();
                replica.Turn(turn);
                metrics.Turned(turn.Count, Stopwatch.GetElapsedTime(started));
                turn.Clear();
                Position = ConsensusPosition.Of(engine);
                Volatile.Write(ref _lastTurn, Stopwatch.GetTimestamp());
                if (_within.Reader.TryPeek(out _) || _peers.Reader.TryPeek(out _))
                {
                    _bell.Writer.TryWrite(true);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A stop is not a failure. Everything else is, and it stops the node: a replica that cannot write its
            // journal or trust its own invariants has nothing left to say.
            LogStopped(logger);
        }
    }

    private void Collect(List<Input> turn)
    {
        while (turn.Count < TurnMax && _within.Reader.TryRead(out var input))
        {
            turn.Add(input);
        }

        while (turn.Count < TurnMax && _peers.Reader.TryRead(out var input))
        {
            turn.Add(input);
        }
    }

    [LoggerMessage(LogLevel.Information, "Consensus stopped")]
    private static partial void LogStopped(ILogger logger);
}

/// <summary>Where the engine stands, for status and metrics.</summary>
public sealed record ConsensusPosition(Core.View View, bool Entered, bool IsPrimary, Core.Height Committed)
{
    public static ConsensusPosition Of(PbftEngine engine)
        => new(engine.View, engine.HasEntered, engine.IsPrimary, engine.Committed);
}
