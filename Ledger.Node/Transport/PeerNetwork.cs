using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Ledger.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>
/// The connections to all other validators: listens, dials, and carries frames. Sending never waits,
/// receiving waits for the handler of that peer's frame only, and nothing that a peer does reaches another
/// peer or the process.
/// </summary>
public sealed class PeerNetwork : BackgroundService
{
    private const int Backlog = 128;

    private readonly TransportOptions _options;
    private readonly NodeIdentity _self;
    private readonly FrameRouter _router;
    private readonly IPeerObserver _observer;
    private readonly TransportMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Handshake _handshake;
    private readonly Channel<ValidatorSet> _changes = Channel.CreateUnbounded<ValidatorSet>();
    private volatile PeerSlot?[] _slots;
    private bool _isMember;
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
        _router = router;
        _observer = observer;
        _metrics = metrics;
        _time = time;
        _logger = logger;

        // Differs with every start, so that a peer can tell this process from another with the same key.
        _handshake = new(self, Guid.NewGuid());
        _isMember = self.Self != ValidatorIndex.None;
        _slots = SlotsFor(self.Validators, []);
    }

    /// <summary>How things stand with every other validator, by index.</summary>
    public IReadOnlyList<PeerStatus> Peers => [.. Slots.Select(slot => slot.Status)];

    /// <summary>The validators that are connected now, ascending.</summary>
    public IReadOnlyList<ValidatorIndex> Connected
        => [.. Slots.Where(slot => slot is { IsRetired: false, Current: not null })
            .Select(slot => slot.Peer)];

    private IEnumerable<PeerSlot> Slots => _slots.OfType<PeerSlot>();

    /// <summary>
    /// Queues a frame for one validator, or for all others. Never waits; what does not fit is dropped and
    /// counted.
    /// </summary>
    /// <param name="kind">What it is; decides the lane and the limit.</param>
    /// <param name="payload">Must not change any more: all peers are sent these very bytes.</param>
    /// <param name="to">Null for all others. What is meant for ourselves does not travel.</param>
    public void Send(FrameKind kind, ReadOnlyMemory<byte> payload, ValidatorIndex? to = null)
    {
        Invariant.Holds(
            payload.Length <= FrameLimits.Of(kind, FramePhase.Established),
            "a frame that we send is within its limit");
        if (to is { } only)
        {
            SendTo(SlotOf(only), kind, payload);
            return;
        }

        foreach (var slot in Slots)
        {
            if (!slot.IsRetired)
            {
                SendTo(slot, kind, payload);
            }
        }
    }

    /// <summary>
    /// These are the validators from now on: newcomers are let in and dialled. Who is none of them any more
    /// is told nothing new, and keeps its connection for a while, so that it can learn why.
    /// </summary>
    public void Follow(ValidatorSet validators)
    {
        _self.Follow(validators);
        _changes.Writer.TryWrite(validators);
    }

    /// <summary>Finds out who answers at an address where a newcomer should be.</summary>
    internal PeerProbe Probe => new(_self);

    /// <summary>
    /// Takes a validator's connection away for something that only its content shows to be hostile.
    /// </summary>
    /// <summary>For people: the name of a validator that there is a slot for, else its seat.</summary>
    public string NameOf(ValidatorIndex peer) => SlotOf(peer)?.Meter.Name ?? $"validator {peer}";

    /// <param name="peer">Who.</param>
    /// <param name="reason">A short word for the metric's label.</param>
    public void Punish(ValidatorIndex peer, string reason)
    {
        if (SlotOf(peer) is { Current: { } connection } slot)
        {
            slot.Meter.Dropped(reason);
            connection.End(reason, hostile: true);
        }
    }

    /// <summary>
    /// Starts to listen; happens by itself at the start, and earlier for whoever must know the port.
    /// </summary>
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
        var listener = new PeerListener(_listener!, SlotOf, _handshake, _options, _metrics, _time, _logger);
        var listening = listener.RunAsync(stop.Token);

        // Not by task: those that end before they first wait are one and the same.
        Dictionary<PeerSlot, Task> running = Slots.ToDictionary(
            slot => slot, slot => RunSlotAsync(slot, stop.Token));
        var changed = _changes.Reader.WaitToReadAsync(stop.Token).AsTask();

        // Each runs until it is stopped: one that ends before that has failed, and then all must. A retired
        // slot may end.
        while (true)
        {
            var first = await Task.WhenAny([listening, changed, .. running.Values]).ConfigureAwait(false);
            if (first == changed && changed.IsCompletedSuccessfully)
            {
                Change(running, stop.Token);
                changed = _changes.Reader.WaitToReadAsync(stop.Token).AsTask();
            }
            else if (first.IsCompletedSuccessfully
                && running.FirstOrDefault(pair => pair.Value == first).Key is { IsRetired: true } ended)
            {
                running.Remove(ended);
                _slots[ended.Peer.Value] = null;
            }
            else
            {
                break;
            }
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await ((Task)changed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll([listening, .. running.Values]).ConfigureAwait(false);
        _listener!.Dispose();
    }

    private void Change(Dictionary<PeerSlot, Task> running, CancellationToken stopping)
    {
        while (_changes.Reader.TryRead(out var validators))
        {
            var before = _slots;
            _slots = SlotsFor(validators, before);
            foreach (var slot in Slots.Except(before))
            {
                running.Add(slot!, RunSlotAsync(slot!, stopping));
            }
        }
    }

    /// <summary>
    /// The slots of all other validators: those there are, and new ones for newcomers. The others are
    /// retired; all of them, when it is this node that is no validator any more. Who left a seat and took
    /// another has its old connection no longer: it would be refused as connected already in the new one.
    /// </summary>
    private PeerSlot?[] SlotsFor(ValidatorSet validators, PeerSlot?[] before)
    {
        var wasMember = _isMember;
        var self = _self.Self;
        _isMember = self != ValidatorIndex.None;
        var slots = new PeerSlot?[validators.Seats];
        for (var i = 0; i < slots.Length; i++)
        {
            ValidatorIndex seat = new(i);
            slots[i] = i < before.Length ? before[i] : null;
            var isLeft = !validators.Contains(seat);
            if (isLeft || (wasMember && !_isMember))
            {
                var hasMoved = isLeft && slots[i] is { } left && validators.IndexOf(left.Key) is not null;
                slots[i]?.Retire(hasMoved ? TimeSpan.Zero : _options.RetireAfter);
            }
            else if (slots[i] is null && seat != self)
            {
                slots[i] = new(
                    seat, validators[seat], _self, _handshake, _options, _router, _observer, _metrics, _time,
                    _logger);
            }
        }

        return slots;
    }

    private async Task RunSlotAsync(PeerSlot slot, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var stopDialling = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        List<Task> tasks = [slot.RunAsync(stop.Token)];
        if (slot.Endpoint is { } endpoint)
        {
            var dialler = new PeerDialler(slot, endpoint, _handshake, _options, _metrics, _time, _logger);
            tasks.Add(dialler.RunAsync(stopDialling.Token));
        }

        if (await Task.WhenAny([.. tasks, slot.Retirement]).ConfigureAwait(false) == slot.Retirement)
        {
            await stopDialling.CancelAsync().ConfigureAwait(false);
            var stays = await slot.Retirement.ConfigureAwait(false);
            await Task.WhenAny(tasks[0], Task.Delay(stays, _time, stop.Token)).ConfigureAwait(false);
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    private PeerSlot? SlotOf(ValidatorIndex validator)
    {
        var slots = _slots;
        return validator.Value < slots.Length ? slots[validator.Value] : null;
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
