using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Clients as a careful operator has them: each waits until its transaction is final, and goes to another
/// node only when one says, with 503, that it takes nothing, or when none listens there at all. Any other end
/// of a request is a failure, and is kept.
/// </summary>
internal sealed class PatientLoad : IAsyncDisposable
{
    private const int Clients = 4;

    private readonly TestNetwork _network;
    private readonly TestClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ulong> _news = Channel.CreateUnbounded<ulong>();
    private readonly Task[] _clients;

    public PatientLoad(TestNetwork network)
    {
        _network = network;
        _client = new(network);
        _clients = [.. Enumerable.Range(0, Clients).Select(i => Task.Run(() => RunAsync(i)))];
    }

    public ConcurrentQueue<string> Failures { get; } = new();

    /// <summary>Waits until so many more were final.</summary>
    public async Task HearAsync(int more)
    {
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        for (var heard = 0; heard < more; heard++)
        {
            await _news.Reader.ReadAsync(deadline.Token);
        }
    }

    /// <summary>Lets what is under way come to its end.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int client)
    {
        var node = client;
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            node = await SubmitAsync(node, $"rolling-{client}/{i}");
        }
    }

    /// <returns>The node that served it, to stay with.</returns>
    private async Task<int> SubmitAsync(int first, string entry)
    {
        var transaction = _client.Put(entry, "value");
        for (var node = first; node < first + (2 * _network.Nodes.Count); node++)
        {
            try
            {
                var (status, replies) = await TestClient.SubmitAsync(
                    _network.Nodes[node % _network.Nodes.Count], wait: true, [transaction], waitMs: 60_000);
                if (status == HttpStatusCode.ServiceUnavailable)
                {
                    continue;
                }

                if (replies is [{ Status: "final", Applied: true, Height: { } height }])
                {
                    _news.Writer.TryWrite(height);
                }
                else
                {
                    Failures.Enqueue(
                        $"{(int)status} {string.Join(", ", replies.Select(reply => reply.ToString()))}");
                }

                return node;
            }
            catch (HttpRequestException exception)
                when (exception.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // Nothing was sent: nobody listens there while it restarts.
            }
            catch (Exception exception) when (Eventually.IsNoAnswer(exception))
            {
                Failures.Enqueue(exception.Message);
                return node;
            }
        }

        Failures.Enqueue("no node took it");
        return first;
    }
}
