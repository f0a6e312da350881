using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>Why a connection ended.</summary>
/// <param name="Reason">A short word for the metric's label and the log.</param>
/// <param name="Hostile">The peer broke the rules, rather than the network or its process.</param>
internal sealed record ConnectionEnd(string Reason, bool Hostile);

/// <summary>
/// One proved connection: a reader that hands frames to their handlers one at a time, a writer that empties
/// the queue, and a watch that notices when the other side is gone without having said so.
/// </summary>
internal sealed class PeerConnection
{
    private readonly FrameSocket _socket;
    private readonly TransportOptions _options;
    private readonly FrameRouter _router;
    private readonly PeerAllowance _allowance;
    private readonly PeerMeter _meter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SendQueue _queue;
    private readonly TaskCompletionSource<ConnectionEnd> _end =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ulong _lastPing;
    private ulong _lastPong;
    private TaskCompletionSource _pong = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _receivedAt;
    private long _writingSince;
    private long _pingedAt;
    private long _roundTripTicks;
    private volatile bool _handling;

    public PeerConnection(
        FrameSocket socket,
        PeerGreeting greeting,
        TransportOptions options,
        FrameRouter router,
        PeerAllowance allowance,
        PeerMeter meter,
        TimeProvider time,
        ILogger logger)
    {
        _socket = socket;
        _options = options;
        _router = router;
        _allowance = allowance;
        _meter = meter;
        _time = time;
        _logger = logger;
        _queue = new(options.QueueFramesMax, options.QueueConsensusBytesMax, options.QueueBulkBytesMax);
        _receivedAt = time.GetTimestamp();
        Greeting = greeting;
        Since = time.GetUtcNow();
        Address = socket.Remote.ToString();
    }

    public PeerGreeting Greeting { get; }

    public DateTimeOffset Since { get; }

    public string Address { get; }

    /// <summary>Of the last ping that was answered; null before the first.</summary>
    public TimeSpan? RoundTrip
        => Volatile.Read(ref _roundTripTicks) is > 0 and var ticks ? TimeSpan.FromTicks(ticks) : null;

    private ValidatorIndex Peer => Greeting.Validator;

    /// <summary>
    /// Queues a frame, or drops and counts it when the queue is full. What it asked for is at its cost.
    /// </summary>
    public void Send(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        if (kind is FrameKind.Response or FrameKind.SnapshotResponse)
        {
            _allowance.SpendBytes(payload.Length);
        }

        if (!_queue.TryAdd(new(kind, payload)))
        {
            _meter.Dropped("queue_full");
        }
    }

    /// <summary>Ends the connection; the first to say why is heard.</summary>
    public void End(string reason, bool hostile = false) => _end.TrySetResult(new(reason, hostile));

    /// <summary>
    /// Whether the other side still answers: asked when a newer connection would take this one's place.
    /// </summary>
    public async Task<bool> AnswersAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        var ping = SendPing();
        using var deadline = new CancellationTokenSource(within, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        while (Volatile.Read(ref _lastPong) < ping && !_end.Task.IsCompleted)
        {
            var pong = Volatile.Read(ref _pong).Task;
            if (Volatile.Read(ref _lastPong) >= ping)
            {
                break;
            }

            try
            {
                await Task.WhenAny(pong, _end.Task).WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                return false;
            }
        }

        return !_end.Task.IsCompleted;
    }

    /// <summary>Carries frames until either side ends the connection; closes the socket.</summary>
    public async Task<ConnectionEnd> RunAsync(CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task[] tasks = [ReadAsync(stop.Token), WriteAsync(stop.Token), WatchAsync(stop.Token)];
        try
        {
            // A task ends after it gave the reason, because we stop, or because it failed: then the owner
            // must know.
            var first = await Task.WhenAny([_end.Task, .. tasks]).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            End("stopping");
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            _socket.Dispose();
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
        return await _end.Task.ConfigureAwait(false);
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var frame = await _socket.ReadAsync(FramePhase.Established, stop).ConfigureAwait(false);
                if (frame.Outcome == FrameOutcome.Closed)
                {
                    End("closed");
                    return;
                }

                if (frame.Outcome != FrameOutcome.Whole)
                {
                    // A frame cut short is a broken connection; a wrong kind or length is a broken peer.
                    _meter.Dropped(frame.Fault);
                    End(frame.Fault, hostile: frame.Outcome != FrameOutcome.Truncated);
                    return;
                }

                Volatile.Write(ref _receivedAt, _time.GetTimestamp());
                _meter.Received(FrameLayout.HeaderSize + frame.Payload.Length);
                _allowance.SpendPieces(1);
                _allowance.SpendBytes(frame.Payload.Length);
                if (!await TakeAsync(frame, stop).ConfigureAwait(false))
                {
                    return;
                }

                if (_allowance.Settle() is var pause && pause > TimeSpan.Zero)
                {
                    await PauseAsync(pause, stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever cancelled has said why.
        }
    }

    /// <returns>False when the frame cost the peer its connection.</returns>
    private async ValueTask<bool> TakeAsync(Frame frame, CancellationToken stop)
    {
        switch (frame.Kind)
        {
            case FrameKind.Ping:
                _queue.TryAdd(new(FrameKind.Pong, frame.Payload));
                return true;
            case FrameKind.Pong:
                return OnPong(frame.Payload.Span);
        }

        _handling = true;
        var verdict = await HandleAsync(frame, stop).ConfigureAwait(false);
        Volatile.Write(ref _receivedAt, _time.GetTimestamp());
        _handling = false;
        if (verdict.Reason is { } reason)
        {
            _meter.Dropped(reason);
        }

        if (verdict.Hostile)
        {
            End(verdict.Reason ?? "hostile", hostile: true);
        }

        return !verdict.Hostile;
    }

    /// <summary>Reads nothing for a while: what the peer sends meanwhile waits in its own socket.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        _meter.HeldBack(pause);
        _handling = true;
        await Task.Delay(pause, _time, stop).ConfigureAwait(false);
        Volatile.Write(ref _receivedAt, _time.GetTimestamp());
        _handling = false;
    }

    private async ValueTask<FrameVerdict> HandleAsync(Frame frame, CancellationToken stop)
    {
        try
        {
            // What it works here is the peer's to pay for; not what it then waits for others.
            var began = _time.GetTimestamp();
            var handling = _router.RouteAsync(Peer, frame.Kind, frame.Payload, stop);
            _allowance.Spend(_time.GetElapsedTime(began));
            var verdict = await handling.ConfigureAwait(false);
            _allowance.SpendPieces(verdict.Wasted);
            return verdict;
        }
        catch (Exception exception) when (exception is not (InvariantBrokenException or DamagedDataException)
            && !stop.IsCancellationRequested)
        {
            // A frame that trips a handler costs its sender the connection: to end the process instead would
            // let any peer switch us off. A broken invariant and a damaged disk are ours, and do end it.
            _logger.HandlerFailed(exception, frame.Kind, _meter.Name);
            return FrameVerdict.Disconnect("handler_failed");
        }
    }

    private bool OnPong(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != FrameLimits.PingBytes)
        {
            _meter.Dropped("malformed_pong");
            End("malformed_pong", hostile: true);
            return false;
        }

        var answered = BinaryPrimitives.ReadUInt64BigEndian(payload);
        if (answered > Volatile.Read(ref _lastPong) && answered <= Volatile.Read(ref _lastPing))
        {
            Volatile.Write(ref _lastPong, answered);
            if (answered == Volatile.Read(ref _lastPing))
            {
                var took = _time.GetElapsedTime(Volatile.Read(ref _pingedAt));
                Volatile.Write(ref _roundTripTicks, Math.Max(1, took.Ticks));
            }

            Interlocked.Exchange(ref _pong, new(TaskCreationOptions.RunContinuationsAsynchronously))
                .TrySetResult();
        }

        return true;
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        FrameWriter writer = new(_socket, _queue, _meter);
        try
        {
            while (true)
            {
                await _queue.WaitAsync(stop).ConfigureAwait(false);
                Volatile.Write(ref _writingSince, Math.Max(1, _time.GetTimestamp()));
                if (!await writer.WriteAllAsync(OnProgress, stop).ConfigureAwait(false))
                {
                    End("closed");
                    return;
                }

                Volatile.Write(ref _writingSince, 0);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever cancelled has said why.
        }
    }

    private void OnProgress() => Volatile.Write(ref _writingSince, Math.Max(1, _time.GetTimestamp()));

    private async Task WatchAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(_options.PingInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                if (Volatile.Read(ref _writingSince) is > 0 and var since
                    && _time.GetElapsedTime(since) > _options.SilenceMax)
                {
                    End("stalled");
                    return;
                }

                // While a handler works we do not read, so silence says nothing about the peer.
                if (_handling)
                {
                    continue;
                }

                var silence = _time.GetElapsedTime(Volatile.Read(ref _receivedAt));
                if (silence > _options.SilenceMax)
                {
                    End("silent");
                    return;
                }

                // Also while it talks: the answer tells how far away it is.
                SendPing();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever cancelled has said why.
        }
    }

    private ulong SendPing()
    {
        Volatile.Write(ref _pingedAt, _time.GetTimestamp());
        var ping = Interlocked.Increment(ref _lastPing);
        var payload = new byte[FrameLimits.PingBytes];
        BinaryPrimitives.WriteUInt64BigEndian(payload, ping);
        _queue.TryAdd(new(FrameKind.Ping, payload));
        return ping;
    }
}
