using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>Dials one validator for as long as it is not connected, ever more patiently.</summary>
internal sealed class PeerDialler(
    PeerSlot slot,
    PeerEndpoint endpoint,
    Handshake handshake,
    TransportOptions options,
    TransportMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private int _failures;
    private string? _lastFault;

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await slot.WhenVacantAsync(stopping).ConfigureAwait(false);
                await Task.Delay(NextWait(), time, stopping).ConfigureAwait(false);
                if (slot.Current is null && slot.PenaltyLeft == TimeSpan.Zero)
                {
                    await DialAsync(stopping).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stop is not a failure.
        }
    }

    /// <summary>The first attempt is made at once; after a connection was lost, almost.</summary>
    private TimeSpan NextWait()
    {
        var wait = _failures == 0
            ? TimeSpan.Zero
            : Backoff.WithJitter(Backoff.Doubled(options.RedialMin, options.RedialMax, _failures - 1));
        return wait > slot.PenaltyLeft ? wait : slot.PenaltyLeft;
    }

    private async Task DialAsync(CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        FrameSocket? socket = null;
        try
        {
            socket = await ConnectAsync(either.Token).ConfigureAwait(false);
            slot.DialUnderWay = true;
            patience.CancelAfter(options.HandshakeTimeout);
            var (greeting, refusal) = await handshake.DialAsync(socket, slot.Peer, either.Token)
                .ConfigureAwait(false);
            refusal ??= await slot.OfferAsync(socket, greeting!, either.Token).ConfigureAwait(false);
            if (refusal is null)
            {
                socket = null;
                _failures = 1;
                _lastFault = null;
            }
            else
            {
                OnRefusal(refusal);
            }
        }
        catch (SocketException exception)
        {
            OnUnreachable("unreachable", exception.SocketErrorCode.ToString());
        }
        catch (OperationCanceledException)
            when (patience.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            if (socket is null)
            {
                OnUnreachable("no_answer", "no answer");
            }
            else
            {
                OnUnreachable("half_open", "half-open: it does not complete the handshake");
            }
        }
        finally
        {
            slot.DialUnderWay = false;
            socket?.Dispose();
        }
    }

    private async Task<FrameSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        // A socket of both families: the host may be a name with addresses of either.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellationToken).ConfigureAwait(false);
            return new(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void OnRefusal(Refusal refusal)
    {
        if (refusal.Reason == HandshakeRefusal.AlreadyConnected)
        {
            // Both dialled at once and the other connection was let in.
            _failures = 1;
            return;
        }

        _failures++;
        metrics.Refused(refusal.Reason);
        slot.NoteRefusal(
            refusal.Reason.Label(), refusal.ByPeer ? $"it refuses us: {refusal.Sentence}" : refusal.Sentence);
        var level = LevelOf(refusal.Sentence);
        if (refusal.ByPeer)
        {
            logger.RefusedByPeer(level, endpoint.ToString(), refusal.Sentence);
        }
        else
        {
            logger.Refused(level, endpoint.ToString(), refusal.Reason.Label(), refusal.Sentence);
        }
    }

    private void OnUnreachable(string code, string fault)
    {
        _failures++;
        slot.NoteRefusal(code, $"cannot be reached: {fault}");
        logger.Unreachable(LevelOf(fault), slot.Meter.Name, endpoint.ToString(), fault);
    }

    /// <summary>The first of a row of equal failures is worth a person's attention.</summary>
    private LogLevel LevelOf(string fault)
    {
        var level = fault == _lastFault ? LogLevel.Debug : LogLevel.Warning;
        _lastFault = fault;
        return level;
    }
}
