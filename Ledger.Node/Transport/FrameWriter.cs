namespace Ledger.Node.Transport;

/// <summary>
/// Empties a queue into a socket: small frames are gathered into one write, a large payload is written from
/// where it lies, so that a block which goes to every peer is copied for none.
/// </summary>
internal sealed class FrameWriter(FrameSocket socket, SendQueue queue, PeerMeter meter)
{
    private const int GatherBytes = 64 * 1024;

    /// <summary>Payloads above this are not worth copying.</summary>
    private const int SmallBytes = 16 * 1024;

    private const int PieceBytes = 256 * 1024;

    private readonly byte[] _gathered = new byte[GatherBytes];
    private int _length;

    /// <summary>Writes until the queue is empty.</summary>
    /// <param name="onProgress">Called after each write that the socket took.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>False when the connection is broken.</returns>
    public async ValueTask<bool> WriteAllAsync(Action onProgress, CancellationToken cancellationToken)
    {
        while (queue.TryTake(out var frame))
        {
            var small = frame.Payload.Length <= SmallBytes;
            var needed = small ? frame.Size : FrameLayout.HeaderSize;
            if (_length + needed > GatherBytes
                && !await FlushAsync(onProgress, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            Gather(frame, small);
            if (small)
            {
                continue;
            }

            if (!await FlushAsync(onProgress, cancellationToken).ConfigureAwait(false)
                || !await PutAsync(frame.Payload, onProgress, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return await FlushAsync(onProgress, cancellationToken).ConfigureAwait(false);
    }

    private void Gather(OutgoingFrame frame, bool withPayload)
    {
        FrameLayout.WriteHeader(_gathered.AsSpan(_length), frame.Kind, frame.Payload.Length);
        _length += FrameLayout.HeaderSize;
        if (withPayload)
        {
            frame.Payload.Span.CopyTo(_gathered.AsSpan(_length));
            _length += frame.Payload.Length;
        }
    }

    private async ValueTask<bool> FlushAsync(Action onProgress, CancellationToken cancellationToken)
    {
        if (_length == 0)
        {
            return true;
        }

        var gathered = _gathered.AsMemory(0, _length);
        _length = 0;
        return await PutAsync(gathered, onProgress, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> PutAsync(
        ReadOnlyMemory<byte> bytes, Action onProgress, CancellationToken cancellationToken)
    {
        // In pieces, so that a slow peer which still takes bytes is told from one that takes none.
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, PieceBytes)];
            if (!await socket.WriteAsync(piece, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            meter.Sent(piece.Length);
            onProgress();
            bytes = bytes[piece.Length..];
        }

        return true;
    }
}
