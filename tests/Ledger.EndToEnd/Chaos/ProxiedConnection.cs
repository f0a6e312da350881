using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// One connection through the proxy: carries bytes both ways, each way at the mercy of its line.
/// </summary>
internal sealed class ProxiedConnection(Socket dialler, Socket listener, Line forth, Line back) : IDisposable
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>So much may be on the line; then the sender is held up, as by a full window.</summary>
    private const int ChunksInFlight = 64;

    /// <summary>
    /// Ends when either side has closed and what it said before has arrived, or by <see cref="Reset"/>.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task[] ways =
        [
            CarryAsync(dialler, listener, forth, end.Token),
            CarryAsync(listener, dialler, back, end.Token),
        ];
        await Task.WhenAny(ways);
        await end.CancelAsync();
        Dispose();
        await Task.WhenAll(ways);
    }

    /// <summary>Both sides find the connection broken, with whatever was under way lost.</summary>
    public void Reset()
    {
        dialler.Close(0);
        listener.Close(0);
    }

    public void Dispose()
    {
        dialler.Dispose();
        listener.Dispose();
    }

    private static async Task CarryAsync(Socket from, Socket to, Line line, CancellationToken stop)
    {
        var flight = Channel.CreateBounded<(long Since, TimeSpan Takes, byte[] Bytes)>(ChunksInFlight);
        try
        {
            await Task.WhenAll(
                TakeOffAsync(from, line, flight.Writer, stop), LandAsync(to, line, flight.Reader, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The connection ends.
        }
    }

    private static async Task TakeOffAsync(
        Socket from,
        Line line,
        ChannelWriter<(long Since, TimeSpan Takes, byte[] Bytes)> flight,
        CancellationToken stop)
    {
        var buffer = new byte[ChunkBytes];
        ConsensusFilter filter = new();
        try
        {
            while (await from.ReceiveAsync(buffer, stop) is > 0 and var count)
            {
                var heard = filter.Pass(buffer.AsSpan(0, count), line.IsMute);
                await flight.WriteAsync((Stopwatch.GetTimestamp(), line.NextDelay(), heard), stop);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It was killed, or the connection reset: it says no more, as if it had closed.
        }
        finally
        {
            flight.Complete();
        }
    }

    private static async Task LandAsync(
        Socket to,
        Line line,
        ChannelReader<(long Since, TimeSpan Takes, byte[] Bytes)> flight,
        CancellationToken stop)
    {
        await foreach (var (since, takes, bytes) in flight.ReadAllAsync(stop))
        {
            await Pause.ForAsync(takes - Stopwatch.GetElapsedTime(since), stop);
            await line.OpenAsync(stop);
            try
            {
                for (var sent = 0; sent < bytes.Length;)
                {
                    sent += await to.SendAsync(bytes.AsMemory(sent), stop);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The receiver is gone: the other way notices, and ends the connection when its line lets it.
            }
        }

        // The end is told like the rest: over a cut line nobody hears that the other side is gone.
        await line.OpenAsync(stop);
    }
}
