using System.Collections.Concurrent;
using Ledger.Core;
using Prometheus;

namespace Ledger.Node.Transport;

/// <summary>
/// What the transport shows of itself. Labels are bounded: peers are the validators' names, reasons are words
/// of this program and never of a peer.
/// </summary>
public sealed class TransportMetrics
{
    private readonly Gauge _connected;
    private readonly Counter _bytes;
    private readonly Counter _dropped;
    private readonly Counter _heldBack;
    private readonly Counter _refused;

    public TransportMetrics(MetricFactory metrics)
    {
        _connected = metrics.CreateGauge("ledger_peers_connected", "Other validators that are connected.");
        _bytes = metrics.CreateCounter(
            "ledger_peer_bytes_total", "Bytes of frames carried, by peer and direction.", "peer",
            "direction");
        _dropped = metrics.CreateCounter(
            "ledger_peer_messages_dropped_total",
            "Frames that were not sent or not used, by peer and reason.", "peer", "reason");
        _heldBack = metrics.CreateCounter(
            "ledger_peer_held_back_seconds_total",
            "Time for which a peer was not read, because it had cost this node more than its share.", "peer");
        _refused = metrics.CreateCounter(
            "ledger_handshakes_refused_total",
            "Connections that were not let in, by us or by the other side.", "reason");
        foreach (var reason in Enum.GetValues<HandshakeRefusal>())
        {
            _ = _refused.WithLabels(reason.Label());
        }
    }

    internal void Connected() => _connected.Inc();

    internal void Disconnected() => _connected.Dec();

    internal void Refused(HandshakeRefusal reason) => _refused.WithLabels(reason.Label()).Inc();

    internal PeerMeter ForPeer(Validator validator)
        => new(
            validator.Name,
            _bytes.WithLabels(validator.Name, "in"),
            _bytes.WithLabels(validator.Name, "out"),
            _heldBack.WithLabels(validator.Name),
            reason => _dropped.WithLabels(validator.Name, reason));
}

/// <summary>What is counted of one peer, over all its connections.</summary>
internal sealed class PeerMeter(
    string name, ICounter bytesIn, ICounter bytesOut, ICounter heldBack, Func<string, ICounter> droppedFor)
{
    private readonly ConcurrentDictionary<string, ICounter> _dropped = new();

    public string Name => name;

    public long BytesIn => (long)bytesIn.Value;

    public long BytesOut => (long)bytesOut.Value;

    public void Received(int bytes) => bytesIn.Inc(bytes);

    public void Sent(int bytes) => bytesOut.Inc(bytes);

    public void HeldBack(TimeSpan pause) => heldBack.Inc(pause.TotalSeconds);

    public void Dropped(string reason) => _dropped.GetOrAdd(reason, droppedFor).Inc();
}
