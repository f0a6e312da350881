using System.Collections.Concurrent;
using Ledger.Core;

namespace Ledger.Node.Transport;

/// <summary>
/// What the transport counts. Labels are bounded: peers are the validators' names, reasons are words of this program.
/// </summary>
public sealed class TransportMetrics
{
    private readonly ConcurrentDictionary<HandshakeRefusal, long> _refused = new();
    private readonly ConcurrentDictionary<string, PeerMeter> _peers = new();
    private int _connected;

    /// <summary>How many validators are connected now.</summary>
    public int PeersConnected => Volatile.Read(ref _connected);

    public long HandshakesRefused(HandshakeRefusal reason) => _refused.GetValueOrDefault(reason);

    public long Dropped(string peer, string reason) => _peers.TryGetValue(peer, out var meter) ? meter.DroppedCount(reason) : 0;

    internal void Connected() => Interlocked.Increment(ref _connected);

    internal void Disconnected() => Interlocked.Decrement(ref _connected);

    internal void Refused(HandshakeRefusal reason) => _refused.AddOrUpdate(reason, 1, (_, count) => count + 1);

    internal PeerMeter ForPeer(Validator validator)
        => _peers.GetOrAdd(validator.Name, static name => new(name));
}

/// <summary>What is counted of one peer, over all its connections.</summary>
internal sealed class PeerMeter(string name)
{
    private readonly ConcurrentDictionary<string, long> _dropped = new();
    private long _bytesIn;
    private long _bytesOut;

    public string Name => name;

    public long BytesIn => Interlocked.Read(ref _bytesIn);

    public long BytesOut => Interlocked.Read(ref _bytesOut);

    public void Received(int bytes) => Interlocked.Add(ref _bytesIn, bytes);

    public void Sent(int bytes) => Interlocked.Add(ref _bytesOut, bytes);

    public void Dropped(string reason) => _dropped.AddOrUpdate(reason, 1, (_, count) => count + 1);

    public long DroppedCount(string reason) => _dropped.GetValueOrDefault(reason);
}
