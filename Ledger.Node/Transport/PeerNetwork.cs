using System.Net;
using System.Net.Sockets;
using Ledger.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>
/// The connections to all other validators: listens, dials, and carries frames. Sending never waits, receiving waits for
/// the handler of that peer's frame only, and nothing that a peer does reaches another peer or the process.
/// </summary>
public sealed class PeerNetwork : BackgroundService
{
    private const int Backlog = 128;

    private readonly TransportOptions _options;
    private readonly NodeIdentity _self;
    private readonly TransportMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Handshake _handshake;
    private readonly PeerSlot?[] _slots;
    private Socket? _listener;

    public PeerNetwork(
        TransportOptions options,
        NodeIdentity self,
        FrameRouter router,
        IPeerObserver observer,
        TransportMetrics metrics,
        TimeProvider time,
        ILogger<PeerNetwork> logger)
    {
        _options = options;
        _self = self;
        _metrics = metrics;
        _time = time;
        _logger = logger;

        // Differs with every start, so that a peer can tell this process from another with the same key.
        _handshake = new(self, Guid.NewGuid());
        _slots = new PeerSlot?[self.Validators.Count];
        for (var i = 0; i < _slots.Length; i++)
        {
            if (i != self.Self.Value)
            {
                _slots[i] = new(new(i), self, _handshake, options, router, observer, metrics, time, logger);
            }
        }
    }

    /// <summary>How things stand with every other validator, by index.</summary>
    public IReadOnlyList<PeerStatus> Peers => [.. Slots.Select(slot => slot.Status)];

    /// <summary>The validators that are connected now, ascending.</summary>
    public IReadOnlyList<ValidatorIndex> Connected
        => [.. Slots.Where(slot => slot.Current is not null).Select(slot => slot.Peer)];

    private IEnumerable<PeerSlot> Slots => _slots.OfType<PeerSlot>();

    /// <summary>Queues a frame for one validator, or for all others. Never waits; what does not fit is dropped and counted.</summary>
    /// <param name="kind">What it is; decides the lane and the limit.</param>
    /// <param name="payload">Must not change any more: all peers are sent these very bytes.</param>
    /// <param name="to">Null for all others. What is meant for ourselves does not travel.</param>
    public void Send(FrameKind kind, ReadOnlyMemory<byte> payload, ValidatorIndex? to = null)
    {
        Invariant.Holds(
            payload.Length <= FrameLimits.Of(kind, FramePhase.Established), "a frame that we send is within its limit");
        if (to is { } only)
        {
            SendTo(_slots[only.Value], kind, payload);
            return;
        }

        foreach (var slot in _slots)
        {
            SendTo(slot, kind, payload);
        }
    }

    /// <summary>Takes a validator's connection away for something that only its content shows to be hostile.</summary>
    /// <param name="peer">Who.</param>
    /// <param name="reason">A short word for the metric's label.</param>
    public void Punish(ValidatorIndex peer, string reason)
    {
        if (_slots[peer.Value] is { Current: { } connection } slot)
        {
            slot.Meter.Dropped(reason);
            connection.End(reason, hostile: true);
        }
    }

    /// <summary>Starts to listen; happens by itself at the start, and earlier for whoever must know the port.</summary>
    public IPEndPoint Bind()
    {
        if (_listener is null)
        {
            var address = _options.Listen.Address;
            _listener = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any))
            {
                _listener.DualMode = true;
            }

            _listener.Bind(_options.Listen);
            _listener.Listen(Backlog);
        }

        return (IPEndPoint)_listener.LocalEndPoint!;
    }

    /// <summary>Listens before it returns: an address that is taken stops the node at its start.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _logger.Listening(Bind().ToString());
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var listener = new PeerListener(
            _listener!, validator => _slots[validator.Value]!, _handshake, _options, _metrics, _time, _logger);
        List<Task> tasks = [listener.RunAsync(stop.Token)];
        foreach (var slot in Slots)
        {
            tasks.Add(slot.RunAsync(stop.Token));
            if (slot.Endpoint is { } endpoint)
            {
                var dialler = new PeerDialler(slot, endpoint, _handshake, _options, _metrics, _time, _logger);
                tasks.Add(dialler.RunAsync(stop.Token));
            }
        }

        // Each runs until it is stopped: one that ends before that has failed, and then all must.
        await Task.WhenAny(tasks).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(false);
        _listener!.Dispose();
    }

    private static void SendTo(PeerSlot? slot, FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        if (slot is null)
        {
            return;
        }

        if (slot.Current is { } connection)
        {
            connection.Send(kind, payload);
        }
        else
        {
            slot.Meter.Dropped("not_connected");
        }
    }
}
