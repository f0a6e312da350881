using System.Diagnostics;
using System.Threading.Channels;
using Ledger.Consensus;
using Ledger.Core;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>
/// The single writer. Network, timers, mempool and executor only ever write to its channels; this loop alone
/// touches the replica, so the replica needs no locks. What comes from within is never refused and read
/// first; what comes from peers waits for room, each peer for its own, and is read from each in turn.
/// </summary>
public sealed partial class ConsensusLoop(
    IEngineStatus engine, int validators, ConsensusMetrics metrics, ILogger<ConsensusLoop> logger)
        : IDisposable
{
    /// <summary>Bounds one turn: the more that waits, the more one sync carries, up to here.</summary>
    private const int TurnMax = 256;

    /// <summary>Of one peer's messages: a window's votes and proposals, and as many again.</summary>
    private const int PeerMax = 64;

    private readonly Channel<Input> _within = Channel.CreateUnbounded<Input>(new() { SingleReader = true });
    private volatile Channel<Input>[] _peers = [.. Enumerable.Range(0, validators).Select(_ => ForPeer())];

    /// <summary>Rung when any channel has something.</summary>
    private readonly ManualResetEventSlim _bell = new(initialState: true, spinCount: 0);

    private long _lastTurn = Stopwatch.GetTimestamp();
    private volatile bool _isTurning;
    private int _firstPeer;

    /// <summary>Raft: told, on the loop's thread, when the log's members have changed.</summary>
    public Action<Ledger.Consensus.Raft.MembersView>? OnMembers { get; set; }

    /// <summary>What the engine was like after the last turn; the same record for all fields.</summary>
    public ConsensusPosition Position { get; private set; } = ConsensusPosition.Of(engine);

    /// <summary>How long work has waited for the loop; zero when there is none.</summary>
    public TimeSpan SinceLastTurn
        => _bell.IsSet || _isTurning ? Stopwatch.GetElapsedTime(Volatile.Read(ref _lastTurn)) : TimeSpan.Zero;

    /// <summary>
    /// From timers, the executor, the mempool: bounded by what the engine itself asked for.
    /// </summary>
    public void Post(Input input)
    {
        _within.Writer.TryWrite(input);
        _bell.Set();
    }

    /// <summary>
    /// From a peer: waits while the loop is busy, which slows that peer's reader and nobody else.
    /// </summary>
    public async ValueTask OfferAsync(ValidatorIndex peer, Input input, CancellationToken cancellationToken)
    {
        await _peers[peer.Value].Writer.WriteAsync(input, cancellationToken).ConfigureAwait(false);
        _bell.Set();
    }

    /// <summary>Makes room for newcomers' inputs; only one caller at a time.</summary>
    public void Seat(int seats)
    {
        if (seats > _peers.Length)
        {
            _peers =
                [.. _peers, .. Enumerable.Range(_peers.Length, seats - _peers.Length).Select(_ => ForPeer())];
        }
    }

    /// <summary>Turns until it is told to stop. Any other way out means that this node must end.</summary>
    public void Run(Replica replica, CancellationToken stoppingToken)
    {
        List<Input> turn = new(TurnMax);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                _bell.Reset();
                Collect(turn);
                if (turn.Count == 0 && !replica.HasOwnWords)
                {
                    Volatile.Write(ref _lastTurn, Stopwatch.GetTimestamp());
                    _bell.Wait(stoppingToken);
                    continue;
                }

                Turn(replica, turn);
                turn.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A stop is not a failure. Everything else is, and it stops the node: a replica that cannot write
            // its journal or trust its own invariants has nothing left to say.
        }

        LogStopped(logger);
    }

    public void Dispose() => _bell.Dispose();

    private static Channel<Input> ForPeer() => Channel.CreateBounded<Input>(
        new BoundedChannelOptions(PeerMax) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private void Turn(Replica replica, List<Input> turn)
    {
        _isTurning = true;
        var started = Stopwatch.GetTimestamp();
        replica.Turn(turn);
        metrics.Turned(turn.Count, Stopwatch.GetElapsedTime(started));
        var before = Position.Members;
        Position = ConsensusPosition.Of(engine);
        if (Position.Members is { } members && members != before)
        {
            OnMembers?.Invoke(members);
        }

        Volatile.Write(ref _lastTurn, Stopwatch.GetTimestamp());
        _isTurning = false;
    }

    private void Collect(List<Input> turn)
    {
        while (turn.Count < TurnMax && _within.Reader.TryRead(out var input))
        {
            turn.Add(input);
        }

        // One from each in turn, beginning with another peer each time, so that a chatty one delays only
        // itself.
        var any = true;
        var peers = _peers;
        _firstPeer = (_firstPeer + 1) % peers.Length;
        while (any && turn.Count < TurnMax)
        {
            any = false;
            for (var i = 0; i < peers.Length && turn.Count < TurnMax; i++)
            {
                if (peers[(_firstPeer + i) % peers.Length].Reader.TryRead(out var input))
                {
                    turn.Add(input);
                    any = true;
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Consensus stopped")]
    private static partial void LogStopped(ILogger logger);
}

/// <summary>Where the engine stands, for status and metrics.</summary>
public sealed record ConsensusPosition(
    View View, bool Entered, bool IsPrimary, Height Committed, ValidatorIndex? Primary,
    Ledger.Consensus.Raft.MembersView? Members = null)
{
    public static ConsensusPosition Of(IEngineStatus engine)
        => new(engine.View, engine.HasEntered, engine.IsPrimary, engine.Committed, engine.Primary,
            engine.Members);
}
