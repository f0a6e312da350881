using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// What one validator dials instead of another: passes its connections on, over two lines that can fail.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private const int FirstPort = 30_000;
    private const int LastPort = 32_767;

    private readonly IPEndPoint _target;
    private readonly Line _forth;
    private readonly Line _back;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<ProxiedConnection, Line> _connections = new();
    private readonly Task _accepting;

    /// <param name="target">Where the other validator listens.</param>
    /// <param name="forth">To it.</param>
    /// <param name="back">From it.</param>
    public FaultProxy(IPEndPoint target, Line forth, Line back)
    {
        (_target, _forth, _back) = (target, forth, back);
        _listener = Listen();
        _accepting = Task.Run(AcceptAsync);
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Breaks what is connected; new connections are let through.</summary>
    public void Reset()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Reset();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private static Socket Listen()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            try
            {
                return Ports.Take(Random.Shared.Next(FirstPort, LastPort + 1));
            }
            catch (SocketException)
            {
                // Somebody has this one.
            }
        }

        throw new InvalidOperationException($"No free port between {FirstPort} and {LastPort}.");
    }

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                var dialler = await _listener.AcceptAsync(_stop.Token);
                served.RemoveAll(task => task.IsCompletedSuccessfully);
                served.Add(ServeAsync(dialler));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(Socket dialler)
    {
        Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        using ProxiedConnection connection = new(dialler, listener, _forth, _back);
        try
        {
            await _forth.OpenAsync(_stop.Token);
            await listener.ConnectAsync(_target, _stop.Token);
            (dialler.NoDelay, listener.NoDelay) = (true, true);
            _connections[connection] = _forth;
            await connection.RunAsync(_stop.Token);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException
            || (exception is OperationCanceledException && _stop.IsCancellationRequested))
        {
            // Nobody listens there just now, or the test is over: the dialler finds it closed.
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }
}
