using System.Net;
using System.Net.Sockets;
using Ledger.Core;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>
/// Accepts connections and greets them. Until a stranger has proved to be a validator it costs one of a fixed
/// number of handshakes, a few hundred bytes and a bounded time; nothing else.
/// </summary>
internal sealed class PeerListener(
    Socket listener,
    Func<ValidatorIndex, PeerSlot?> slotOf,
    Handshake handshake,
    TransportOptions options,
    TransportMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WarnEvery = TimeSpan.FromMinutes(1);

    private readonly List<(IPAddress Address, Task Task)> _greetings = [];
    private readonly long[] _warnedAt = new long[byte.MaxValue + 1];

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                var socket = await AcceptAsync(stopping).ConfigureAwait(false);
                await ForgetCompletedAsync().ConfigureAwait(false);
                if (socket is not null)
                {
                    Admit(socket, stopping);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stop is not a failure.
        }

        await Task.WhenAll(_greetings.Select(greeting => greeting.Task)).ConfigureAwait(false);
    }

    private async Task<FrameSocket?> AcceptAsync(CancellationToken stopping)
    {
        Socket socket;
        try
        {
            socket = await listener.AcceptAsync(stopping).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            // Out of descriptors, say: that may not end the listener, nor let it spin.
            logger.AcceptFailed(exception.SocketErrorCode.ToString());
            await Task.Delay(PauseAfterFailure, time, stopping).ConfigureAwait(false);
            return null;
        }

        try
        {
            return new(socket);
        }
        catch (SocketException)
        {
            // It was gone before we came.
            socket.Dispose();
            return null;
        }
    }

    private void Admit(FrameSocket socket, CancellationToken stopping)
    {
        var address = socket.Remote.Address;
        if (_greetings.Count >= options.HandshakesMax
            || _greetings.Count(
                greeting => greeting.Address.Equals(address)) >= options.HandshakesPerAddressMax)
        {
            Note(socket, new(HandshakeRefusal.Busy, "too many handshakes are under way"));
            socket.Dispose();
            return;
        }

        _greetings.Add((address, GreetAsync(socket, stopping)));
    }

    private async Task ForgetCompletedAsync()
    {
        foreach (var greeting in _greetings.Where(greeting => greeting.Task.IsCompleted))
        {
            await greeting.Task.ConfigureAwait(false);
        }

        _greetings.RemoveAll(greeting => greeting.Task.IsCompleted);
    }

    private async Task GreetAsync(FrameSocket socket, CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        var letIn = false;
        try
        {
            var (greeting, refusal) = await handshake.AcceptAsync(socket, either.Token).ConfigureAwait(false);
            refusal ??= await OfferAsync(socket, greeting!, either.Token).ConfigureAwait(false);
            letIn = refusal is null;
            if (refusal is not null)
            {
                Note(socket, refusal);
                NoteAtSlot(greeting, refusal);
            }
        }
        catch (OperationCanceledException)
        {
            if (!stopping.IsCancellationRequested)
            {
                Note(socket, new(HandshakeRefusal.Timeout, "it did not complete the handshake in time"));
            }
        }
        finally
        {
            if (!letIn)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>A newcomer may be known before its slot is there: it dials again.</summary>
    private async Task<Refusal?> OfferAsync(
        FrameSocket socket, PeerGreeting greeting, CancellationToken cancellationToken)
        => slotOf(greeting.Validator) is { } slot
            ? await slot.OfferAsync(socket, greeting, cancellationToken).ConfigureAwait(false)
            : await handshake.RefuseAsync(
                socket, HandshakeRefusal.Busy, "there is no place for it yet", cancellationToken)
                    .ConfigureAwait(false);

    private void NoteAtSlot(PeerGreeting? greeting, Refusal refusal)
    {
        if (greeting is not null && refusal.Reason != HandshakeRefusal.AlreadyConnected)
        {
            slotOf(greeting.Validator)?.NoteRefusal(refusal.Reason.Label(), refusal.Sentence);
        }
    }

    /// <summary>
    /// Counts each, but warns of each reason at most once in a while: strangers must not fill our log.
    /// </summary>
    private void Note(FrameSocket socket, Refusal refusal)
    {
        if (refusal.Reason == HandshakeRefusal.AlreadyConnected)
        {
            return;
        }

        metrics.Refused(refusal.Reason);
        var level = MayWarn(refusal.Reason) ? LogLevel.Warning : LogLevel.Debug;
        if (refusal.ByPeer)
        {
            logger.RefusedByPeer(level, socket.Remote.ToString(), refusal.Sentence);
        }
        else
        {
            logger.Refused(level, socket.Remote.ToString(), refusal.Reason.Label(), refusal.Sentence);
        }
    }

    private bool MayWarn(HandshakeRefusal reason)
    {
        ref var warnedAt = ref _warnedAt[(byte)reason];
        var last = Volatile.Read(ref warnedAt);
        if (last != 0 && time.GetElapsedTime(last) < WarnEvery)
        {
            return false;
        }

        return Interlocked.CompareExchange(ref warnedAt, Math.Max(1, time.GetTimestamp()), last) == last;
    }
}
