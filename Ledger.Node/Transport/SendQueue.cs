using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Ledger.Node.Transport;

/// <summary>A frame on its way out; the payload is shared by all peers it goes to.</summary>
internal readonly record struct OutgoingFrame(FrameKind Kind, ReadOnlyMemory<byte> Payload)
{
    public int Size => FrameLayout.HeaderSize + Payload.Length;
}

/// <summary>
/// What waits for one peer, in two lanes: what consensus and liveness need goes ahead of transactions and
/// answers. Bounded by count and by bytes; what does not fit is refused, since everything that matters is
/// said again.
/// </summary>
internal sealed class SendQueue(int framesMax, long urgentBytesMax, long bulkBytesMax)
{
    private readonly Lane _urgent = new(framesMax, urgentBytesMax);
    private readonly Lane _bulk = new(framesMax, bulkBytesMax);

    /// <summary>Rung when something was added; one ring is enough for any number of frames.</summary>
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public bool TryAdd(OutgoingFrame frame)
    {
        var lane = frame.Kind is FrameKind.Transactions or FrameKind.Response or FrameKind.SnapshotResponse
            ? _bulk : _urgent;
        if (!lane.TryAdd(frame))
        {
            return false;
        }

        _bell.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Waits until there is, or has just been, something to take.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
        => await _bell.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);

    public bool TryTake([MaybeNullWhen(false)] out OutgoingFrame frame)
        => _urgent.TryTake(out frame) || _bulk.TryTake(out frame);

    private sealed class Lane(int framesMax, long bytesMax)
    {
        private readonly Channel<OutgoingFrame> _frames = Channel.CreateBounded<OutgoingFrame>(
            new BoundedChannelOptions(
                framesMax)
            { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

        private long _bytes;

        public bool TryAdd(OutgoingFrame frame)
        {
            if (Interlocked.Add(ref _bytes, frame.Size) <= bytesMax && _frames.Writer.TryWrite(frame))
            {
                return true;
            }

            Interlocked.Add(ref _bytes, -frame.Size);
            return false;
        }

        public bool TryTake(out OutgoingFrame frame)
        {
            if (!_frames.Reader.TryRead(out frame))
            {
                return false;
            }

            Interlocked.Add(ref _bytes, -frame.Size);
            return true;
        }
    }
}
