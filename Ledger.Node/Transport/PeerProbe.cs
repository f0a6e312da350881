using System.Net.Sockets;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>
/// Looks whether a newcomer's node is where its operator says, before anything about it is ordered: says
/// hello, and goes when it has heard who answers.
/// </summary>
internal sealed class PeerProbe(NodeIdentity self)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <returns>Why the node of this key cannot be reached there; null when it can.</returns>
    public async Task<string?> FaultAtAsync(
        string host, int port, PublicKey key, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, patience.Token).ConfigureAwait(false);
            using FrameSocket frames = new(socket);
            var hello = Hello.From(self, Guid.NewGuid());
            await frames.WriteAsync(FrameKind.Hello, hello.Encode(), patience.Token).ConfigureAwait(false);
            return FaultIn(
                await frames.ReadAsync(FramePhase.Handshake, patience.Token).ConfigureAwait(false), key);
        }
        catch (SocketException exception)
        {
            return $"nothing answers there ({exception.SocketErrorCode})";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"nothing answers there within {Patience.TotalSeconds:0} s";
        }
        finally
        {
            socket.Dispose();
        }
    }

    private string? FaultIn(Frame frame, PublicKey key)
    {
        if (frame.Kind == FrameKind.Hello && Hello.Decode(frame.Payload.Span) is { } hello)
        {
            return hello.Key == key ? null : $"the node there has the key {hello.Key}";
        }

        // One that has only genesis yet may not know us; when it has our blocks, it will.
        return frame.Kind == FrameKind.Refused && RefusedFrame.Decode(frame.Payload.Span) is { } refused
            ? refused.Reason == HandshakeRefusal.UnknownKey ? null : refused.SentenceFor(self)
            : "what answers there does not speak our protocol";
    }
}
