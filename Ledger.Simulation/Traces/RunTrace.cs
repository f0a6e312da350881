using System.Buffers.Binary;
using System.Security.Cryptography;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>One thing that happened, for people.</summary>
/// <param name="At">Virtual time.</param>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Node">Where; -1 when nowhere in particular.</param>
/// <param name="Peer">Who it came from; -1 when nobody.</param>
/// <param name="Text">In words.</param>
public sealed record TraceEvent(TimeSpan At, TraceKind Kind, int Node, int Peer, string Text);

public enum TraceKind : byte
{
    Arrives = 1,
    Lost = 2,
    Turn = 3,
    Final = 4,
    Dies = 5,
    Starts = 6,
    Fault = 7,
    Client = 8,
    Notice = 9,
    Breach = 10,
}

/// <summary>
/// A running hash over everything that happens: two runs with one hash did the same. Words are made only when
/// somebody listens, since they cost more than all the rest.
/// </summary>
internal sealed class RunTrace(Action<TraceEvent>? listener) : IDisposable
{
    private const int HeadBytes = 32;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _used;

    public long Events { get; private set; }

    public bool IsHeard => listener is not null;

    public void Add(TimeSpan at, TraceKind kind, int node, int peer, ReadOnlySpan<byte> payload = default)
    {
        Events++;
        if (_used + HeadBytes + payload.Length > _buffer.Length)
        {
            Flush();
        }

        var head = _buffer.AsSpan(_used, HeadBytes);
        BinaryPrimitives.WriteInt64BigEndian(head, at.Ticks);
        BinaryPrimitives.WriteInt32BigEndian(head[8..], (int)kind);
        BinaryPrimitives.WriteInt32BigEndian(head[12..], node);
        BinaryPrimitives.WriteInt32BigEndian(head[16..], peer);
        BinaryPrimitives.WriteInt32BigEndian(head[20..], payload.Length);
        BinaryPrimitives.WriteInt64BigEndian(head[24..], Events);
        _used += HeadBytes;
        if (payload.Length <= _buffer.Length - _used)
        {
            payload.CopyTo(_buffer.AsSpan(_used));
            _used += payload.Length;
        }
        else
        {
            Flush();
            _hash.AppendData(payload);
        }
    }

    /// <summary>Asked only when <see cref="IsHeard"/>.</summary>
    public void Tell(TimeSpan at, TraceKind kind, int node, int peer, string text)
        => listener?.Invoke(new(at, kind, node, peer, text));

    public Digest Hash()
    {
        Flush();
        return new(_hash.GetCurrentHash());
    }

    public void Dispose() => _hash.Dispose();

    private void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }
}
