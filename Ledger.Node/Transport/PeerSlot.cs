using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>A connection whose handshake proved its validator, waiting to be let in.</summary>
internal sealed record Arrival(FrameSocket Socket, PeerGreeting Greeting)
{
    private readonly TaskCompletionSource<Refusal?> _outcome =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null when it was let in. Otherwise the socket is the giver's to close.</summary>
    public Task<Refusal?> Outcome => _outcome.Task;

    public void Settle(Refusal? refusal) => _outcome.TrySetResult(refusal);
}

/// <summary>
/// The place of one other validator: at most one live connection, and one task that alone decides which.
/// </summary>
/// <remarks>
/// Both sides must agree on the one that lives. The validator of lower index has the first word: it lets a
/// connection in or refuses it, and only then does the other. When both dial at once, the lower one waits for
/// its own dial and turns the other's away. A newer connection takes the place of an older one only if that
/// no longer answers a ping.
/// </remarks>
internal sealed class PeerSlot
{
    private const int ArrivalsMax = 8;

    private readonly NodeIdentity _self;
    private readonly Handshake _handshake;
    private readonly TransportOptions _options;
    private readonly FrameRouter _router;
    private readonly IPeerObserver _observer;
    private readonly TransportMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Penalty _penalty;
    private readonly PeerAllowance _allowance;
    private readonly Channel<Arrival> _arrivals = Channel.CreateBounded<Arrival>(ArrivalsMax);

    private readonly PeerEndpoint? _onLedger;
    private readonly TaskCompletionSource<TimeSpan> _retirement = new(
        TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile PeerConnection? _current;
    private volatile TaskCompletionSource _vacant = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RefusalNote? _lastRefusal;
    private volatile bool _dialUnderWay;
    private Task<ConnectionEnd>? _running;

    public PeerSlot(
        ValidatorIndex peer,
        Validator validator,
        NodeIdentity self,
        Handshake handshake,
        TransportOptions options,
        FrameRouter router,
        IPeerObserver observer,
        TransportMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        Peer = peer;
        Key = validator.PublicKey;
        _self = self;
        _handshake = handshake;
        _options = options;
        _router = router;
        _observer = observer;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _penalty = new(options, time);
        _allowance = new(time);
        Meter = metrics.ForPeer(validator);
        _onLedger = PeerAddress.TryParse(validator.Address, out var host, out var port)
            ? new(peer, host, port) : null;
        _vacant.SetResult();
    }

    public ValidatorIndex Peer { get; }

    public PublicKey Key { get; }

    /// <summary>Where it is dialled: as this node is configured, or else as the ledger says.</summary>
    public PeerEndpoint? Endpoint
        => _options.Peers.FirstOrDefault(endpoint => endpoint.Validator == Peer) ?? _onLedger;

    /// <summary>
    /// Completes when nobody has this seat any more, with how long the connection stays.
    /// </summary>
    public Task<TimeSpan> Retirement => _retirement.Task;

    public bool IsRetired => _retirement.Task.IsCompleted;

    public PeerMeter Meter { get; }

    public PeerConnection? Current => _current;

    /// <summary>Our dial has reached the other side and is not settled yet.</summary>
    public bool DialUnderWay
    {
        get => _dialUnderWay;
        set => _dialUnderWay = value;
    }

    public TimeSpan PenaltyLeft => _penalty.Left;

    public PeerStatus Status
    {
        get
        {
            var current = _current;
            return new(
                Peer,
                Meter.Name,
                current is not null,
                current?.Address ?? Endpoint?.ToString(),
                current?.Since,
                Meter.BytesIn,
                Meter.BytesOut,
                _lastRefusal,
                Endpoint?.ToString(),
                current?.RoundTrip);
        }
    }

    private bool HasFirstWord => _self.Self.CompareTo(Peer) < 0;

    /// <summary>Ends when nobody is connected here.</summary>
    public Task WhenVacantAsync(CancellationToken cancellationToken)
        => _vacant.Task.WaitAsync(cancellationToken);

    public void NoteRefusal(string code, string sentence)
        => _lastRefusal = new(code, sentence, _time.GetUtcNow());

    public void Retire(TimeSpan stays) => _retirement.TrySetResult(stays);

    /// <summary>Brings a proved connection.</summary>
    /// <returns>Null when it was let in; otherwise why not, and the socket is the caller's to
    /// close.</returns>
    public async Task<Refusal?> OfferAsync(
        FrameSocket socket, PeerGreeting greeting, CancellationToken cancellationToken)
    {
        if (!HasFirstWord
            && await _handshake.ReadAcceptedAsync(socket, cancellationToken)
                .ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        var arrival = new Arrival(socket, greeting);
        if (!_arrivals.Writer.TryWrite(arrival))
        {
            return await _handshake.RefuseAsync(
                socket, HandshakeRefusal.Busy, "too many of its connections wait", cancellationToken)
                .ConfigureAwait(false);
        }

        // Not given up on a timeout: from here on the slot owns the socket, and it is patient for a bounded
        // time only.
        return await arrival.Outcome.ConfigureAwait(false);
    }

    /// <summary>Lets connections in, one after the other, until the network stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            var arriving = _arrivals.Reader.WaitToReadAsync(stopping).AsTask();
            while (true)
            {
                await Task.WhenAny(_running is null ? [arriving] : [arriving, _running])
                    .ConfigureAwait(false);
                if (_running is { IsCompleted: true })
                {
                    await LeaveAsync().ConfigureAwait(false);
                    continue;
                }

                await arriving.ConfigureAwait(false);
                while (_arrivals.Reader.TryRead(out var arrival))
                {
                    await SettleAsync(arrival, stopping).ConfigureAwait(false);
                }

                arriving = _arrivals.Reader.WaitToReadAsync(stopping).AsTask();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stop is not a failure.
        }
        finally
        {
            _arrivals.Writer.Complete();
            await LeaveAsync().ConfigureAwait(false);
            while (_arrivals.Reader.TryRead(out var arrival))
            {
                arrival.Settle(new(HandshakeRefusal.Closed, "we are stopping"));
            }
        }
    }

    private async Task SettleAsync(Arrival arrival, CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        try
        {
            var refusal = await AdmitAsync(arrival, either.Token).ConfigureAwait(false);
            if (refusal is null)
            {
                Enter(arrival, stopping);
            }

            arrival.Settle(refusal);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            arrival.Settle(new(HandshakeRefusal.Timeout, "it took too long to agree on the connection"));
        }
        finally
        {
            arrival.Settle(new(HandshakeRefusal.Closed, "we are stopping"));
        }
    }

    /// <summary>
    /// The two words that make this connection the one: the lower index's, then the other's.
    /// </summary>
    private async Task<Refusal?> AdmitAsync(Arrival arrival, CancellationToken cancellationToken)
    {
        if (await ObjectionAsync(arrival.Greeting, cancellationToken)
            .ConfigureAwait(false) is var (reason, sentence))
        {
            return await _handshake.RefuseAsync(arrival.Socket, reason, sentence, cancellationToken)
                .ConfigureAwait(false);
        }

        // Each time it is told anew what waits for it: who comes and goes all day waits at the door.
        _allowance.Spend(PeerAllowance.OneMax);
        if (_allowance.Settle() is var pause && pause > TimeSpan.Zero)
        {
            Meter.HeldBack(pause);
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }

        if (!await Handshake.WriteAcceptedAsync(arrival.Socket, cancellationToken).ConfigureAwait(false))
        {
            return new(HandshakeRefusal.Closed, "it closed the connection during the handshake");
        }

        return HasFirstWord
            ? await _handshake.ReadAcceptedAsync(arrival.Socket, cancellationToken).ConfigureAwait(false)
            : null;
    }

    private async Task<(HandshakeRefusal Reason, string Sentence)?> ObjectionAsync(
        PeerGreeting newer, CancellationToken cancellationToken)
    {
        if (_penalty.Left > TimeSpan.Zero)
        {
            return (HandshakeRefusal.Penalty, "it is kept out for a while after something it sent");
        }

        if (_current is not { } older)
        {
            return HasFirstWord && !newer.DialledByUs && DialUnderWay
                ? (HandshakeRefusal.AlreadyConnected, "our own dial is under way")
                : null;
        }

        var sameProcess = newer.Instance == older.Greeting.Instance;
        if (await older.AnswersAsync(_options.ProbeTimeout, cancellationToken).ConfigureAwait(false))
        {
            return sameProcess
                ? (HandshakeRefusal.AlreadyConnected, "it is connected already")
                : (HandshakeRefusal.Duplicate,
                    $"{Meter.Name} is connected from {older.Address} and answers: two nodes share one key");
        }

        older.End("replaced");
        await LeaveAsync().ConfigureAwait(false);
        return null;
    }

    private void Enter(Arrival arrival, CancellationToken stopping)
    {
        var connection = new PeerConnection(
            arrival.Socket, arrival.Greeting, _options, _router, _allowance, Meter, _time, _logger);
        _vacant = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _lastRefusal = null;
        _current = connection;
        _metrics.Connected();
        _logger.Connected(Meter.Name, connection.Address);
        _observer.PeerConnected(Peer);
        _running = connection.RunAsync(stopping);
    }

    /// <summary>Waits for the current connection's end and clears its place.</summary>
    private async Task LeaveAsync()
    {
        if (_running is not { } running)
        {
            return;
        }

        try
        {
            var end = await running.ConfigureAwait(false);
            _logger.Disconnected(Meter.Name, end.Reason);
            if (end.Hostile)
            {
                _logger.Punished(Meter.Name, end.Reason, _penalty.Impose());
            }
        }
        finally
        {
            _running = null;
            _current = null;
            _metrics.Disconnected();
            _observer.PeerDisconnected(Peer);
            _vacant.TrySetResult();
        }
    }
}
