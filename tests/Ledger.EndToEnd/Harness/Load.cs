using System.Collections.Concurrent;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Clients that put one value after another, each waiting until its transaction is final. A client whose node
/// does not answer sends the very same transaction to the next node, as a real one would. What was
/// acknowledged is remembered, since from then on it must never be lost; an answer that no client may get
/// fails the test.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    private readonly TestNetwork _network;
    private readonly TestClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Digest> _news = Channel.CreateUnbounded<Digest>();
    private readonly Task[] _clients;

    public Load(TestNetwork network, int clients = 4)
    {
        _network = network;
        _client = new(network);
        _clients = [.. Enumerable.Range(0, clients).Select(i => Task.Run(() => SubmitAsync(i)))];
    }

    /// <summary>Transaction to the height it was acknowledged at.</summary>
    public ConcurrentDictionary<Digest, ulong> Acknowledged { get; } = new();

    /// <summary>Waits until so many more were acknowledged.</summary>
    public async Task HearAsync(int more)
    {
        while (_news.Reader.TryRead(out _))
        {
        }

        using CancellationTokenSource deadline = new(Eventually.Deadline);
        for (var heard = 0; heard < more; heard++)
        {
            var next = _news.Reader.ReadAsync(deadline.Token).AsTask();
            var ended = Task.WhenAny(_clients);
            if (await Task.WhenAny(next, ended) == ended)
            {
                await await ended;
                Assert.Fail("A client stopped by itself.");
            }

            Assert.False(
                next.IsCanceled, $"Only {heard} of {more} further transactions were acknowledged in time.");
            await next;
        }
    }

    /// <summary>Stops at once: what is under way is not known to be final, nor to be lost.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task SubmitAsync(int client)
    {
        try
        {
            var node = client;
            for (var i = 0; ; i++)
            {
                var transaction = _client.Put($"client-{client}/{i % 100}", $"value {i}");
                node = await SubmitAsync(transaction, node);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test has seen enough.
        }
    }

    /// <returns>The node that acknowledged it, to stay with.</returns>
    private async Task<int> SubmitAsync(Transaction transaction, int first)
    {
        using PeriodicTimer breath = new(Breath);
        for (var node = first; ; node++)
        {
            try
            {
                var (_, replies) = await TestClient.SubmitAsync(
                    _network.Nodes[node % _network.Nodes.Count], wait: true, [transaction],
                    cancellationToken: _stop.Token);
                if (replies is [{ Status: not "pending" } reply])
                {
                    Assert.True(reply is { Status: "final", Applied: true }, reply.ToString());
                    Acknowledged[transaction.Hash] = reply.Height!.Value;
                    _news.Writer.TryWrite(transaction.Hash);
                    return node;
                }
            }
            catch (Exception exception)
                when (Eventually.IsNoAnswer(exception) && !_stop.IsCancellationRequested)
            {
                // It is dead or stands still: the next one, then.
            }

            await breath.WaitForNextTickAsync(_stop.Token);
        }
    }
}
