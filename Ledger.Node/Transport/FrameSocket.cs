using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Ledger.Node.Transport;

/// <summary>
/// A connected socket that speaks in frames. One task may read and one may write at a time. A connection that
/// breaks reads as closed: only the caller knows whether that matters.
/// </summary>
internal sealed class FrameSocket : IDisposable
{
    private const int ReadBufferBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;

    public FrameSocket(Socket socket)
    {
        socket.NoDelay = true;
        _socket = socket;
        _stream = new(socket, ownsSocket: true);
        _reader = PipeReader.Create(
            _stream, new(bufferSize: ReadBufferBytes, leaveOpen: true, useZeroByteReads: true));
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        Remote = remote.Address.IsIPv4MappedToIPv6 ? new(remote.Address.MapToIPv4(), remote.Port) : remote;
    }

    public IPEndPoint Remote { get; }

    public async ValueTask<Frame> ReadAsync(FramePhase phase, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var buffer = read.Buffer;
                if (FrameLayout.TryRead(ref buffer, phase, out var frame))
                {
                    _reader.AdvanceTo(buffer.Start);
                    return frame;
                }

                _reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    return new(buffer.IsEmpty ? FrameOutcome.Closed : FrameOutcome.Truncated);
                }
            }
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            return new(FrameOutcome.Closed);
        }
    }

    /// <summary>Writes one small frame at once; established connections write through their queue.</summary>
    /// <returns>False when the connection is broken.</returns>
    public ValueTask<bool> WriteAsync(
        FrameKind kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var bytes = new byte[FrameLayout.HeaderSize + payload.Length];
        FrameLayout.WriteHeader(bytes, kind, payload.Length);
        payload.CopyTo(bytes.AsMemory(FrameLayout.HeaderSize));
        return WriteAsync(bytes, cancellationToken);
    }

    /// <summary>Writes bytes that are already framed.</summary>
    /// <returns>False when the connection is broken.</returns>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            return false;
        }
    }

    /// <summary>Ends what we say, so that our last words arrive before the connection does.</summary>
    public void FinishWriting()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            // It is closed already, which is all that was wanted.
        }
    }

    public void Dispose() => _stream.Dispose();

    private static bool IsBroken(Exception exception)
        => exception is IOException or SocketException or ObjectDisposedException;
}
