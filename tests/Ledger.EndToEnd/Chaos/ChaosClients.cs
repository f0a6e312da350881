using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;
using Ledger.Simulation;
using HistoryEntry = Ledger.Simulation.HistoryEntry;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// Clients that put, compare and set, and get on a few keys that all share, each one thing after the other. A
/// client that has no answer asks another validator, with the very same transaction, until it has one. What
/// they invoked and saw is the history; what they were told is final must stay so.
/// </summary>
internal sealed class ChaosClients : IAsyncDisposable
{
    private const int Clients = 6;
    private const int Keys = 5;
    private const string Namespace = "chaos";
    private const int WaitMs = 2000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(30);

    private readonly IReadOnlyList<TestNode> _nodes;
    private readonly TestClient _signer;
    private readonly ConcurrentQueue<HistoryEntry> _seen = new();
    private readonly HistoryEntry?[] _open = new HistoryEntry?[Clients];
    private readonly Channel<int> _news = Channel.CreateUnbounded<int>();
    private readonly CancellationTokenSource _abandon = new();
    private readonly Task[] _clients;
    private volatile bool _isEnough;

    public ChaosClients(TestNetwork network, int seed)
    {
        _nodes = network.Nodes;
        _signer = new(network);
        _clients = [.. Enumerable.Range(0, Clients).Select(i => Task.Run(() => RunAsync(i, new(seed + i))))];
    }

    /// <summary>Transaction to its place, as a client was told it.</summary>
    public ConcurrentDictionary<string, TransactionReply> Acknowledged { get; } = new();

    /// <summary>What was answered, and then what was not.</summary>
    public IReadOnlyList<HistoryEntry> History => [.. _seen, .. _open.OfType<HistoryEntry>()];

    /// <summary>Waits until so many more operations were answered.</summary>
    public async Task HearAsync(int more)
    {
        while (_news.Reader.TryRead(out _))
        {
        }

        using CancellationTokenSource deadline = new(Eventually.Deadline);
        for (var heard = 0; heard < more; heard++)
        {
            var next = _news.Reader.ReadAsync(deadline.Token).AsTask();
            if (await Task.WhenAny([next, .. _clients]) is var first && first != next)
            {
                await first;
                Assert.Fail("A client stopped by itself.");
            }

            Assert.False(
                next.IsCanceled, $"After the faults ended, only {heard} of {more} operations were answered.");
        }
    }

    /// <summary>Each ends what it has begun; with the faults over, all can.</summary>
    public async Task FinishAsync()
    {
        _isEnough = true;
        await Task.WhenAll(_clients).WaitAsync(Eventually.Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await _abandon.CancelAsync();
        await Task.WhenAll(_clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _abandon.Dispose();
    }

    private async Task RunAsync(int client, Random chance)
    {
        Dictionary<string, ulong> versions = [];
        using PeriodicTimer breath = new(Breath);
        try
        {
            for (var i = 0; !_isEnough; i++)
            {
                var asked = Draw(client, chance, versions, value: $"{client}-{i}");
                _open[client] = asked;
                var answered = await ActAsync(asked, chance) with { Returned = Stopwatch.GetTimestamp() };
                _open[client] = null;
                _seen.Enqueue(answered);
                versions[answered.Key] = answered.Version ?? versions.GetValueOrDefault(answered.Key);
                _news.Writer.TryWrite(client);
                await breath.WaitForNextTickAsync(_abandon.Token);
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // The test has failed elsewhere.
        }
    }

    private static HistoryEntry Draw(
        int client, Random chance, Dictionary<string, ulong> versions, string value)
    {
        var key = $"key-{chance.Next(Keys)}";
        var action = chance.Next(10) switch
        {
            < 4 => KeyAction.Put,
            < 7 => KeyAction.CompareAndSet,
            _ => KeyAction.Get,
        };
        return new()
        {
            Client = client,
            Action = action,
            Key = key,
            Value = action == KeyAction.Get ? null : value,
            Expected = action == KeyAction.CompareAndSet ? versions.GetValueOrDefault(key) : null,
            Invoked = Stopwatch.GetTimestamp(),
        };
    }

    private async Task<HistoryEntry> ActAsync(HistoryEntry asked, Random chance)
    {
        if (asked.Action == KeyAction.Get)
        {
            return await ReadAsync(asked, chance);
        }

        var value = Encoding.UTF8.GetBytes(asked.Value!);
        var put = new Operation.Put(Namespace, asked.Key, value, asked.Expected);
        var reply = await SubmitAsync(_signer.Sign(put), chance);
        Assert.True(
            reply.Applied == true
                || (asked.Action == KeyAction.CompareAndSet && reply.Code == "version_mismatch"),
            $"{asked}: {reply}");
        return asked with { Applied = reply.Applied, Version = reply.Applied == true ? reply.Height : null };
    }

    private Task<TransactionReply> SubmitAsync(Transaction transaction, Random chance)
        => AskUntilAnsweredAsync(chance, async (node, patience) =>
        {
            var (_, replies) = await TestClient.SubmitAsync(
                node, wait: true, [transaction], WaitMs, cancellationToken: patience);
            if (replies is not [{ Status: not "pending" } reply])
            {
                return null;
            }

            Assert.True(reply is { Status: "final", Height: not null }, reply.ToString());
            Acknowledged[reply.Hash] = reply;
            return reply;
        });

    private Task<HistoryEntry> ReadAsync(HistoryEntry asked, Random chance)
        => AskUntilAnsweredAsync(chance, async (node, patience) =>
        {
            var state = await GetAsync<StateReply>(
                node, $"v1/state/{Namespace}/{asked.Key}?consistency=linearizable", patience);
            return asked with { Applied = true, Seen = state?.ValueText, Version = state?.Version ?? 0 };
        });

    /// <returns>Null for what is not there.</returns>
    private static async Task<T?> GetAsync<T>(TestNode node, string path, CancellationToken cancellationToken)
        where T : class
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, path));
        using var response = await node.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<T>(cancellationToken);
    }

    /// <summary>
    /// Asks one validator after the other, however long it takes: any of them may be dead or cut off.
    /// </summary>
    private async Task<T> AskUntilAnsweredAsync<T>(
        Random chance, Func<TestNode, CancellationToken, Task<T?>> askAsync)
        where T : class
    {
        using PeriodicTimer breath = new(Breath);
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
            patience.CancelAfter(Patience);
            try
            {
                if (await askAsync(_nodes[chance.Next(_nodes.Count)], patience.Token) is { } answer)
                {
                    return answer;
                }
            }
            catch (Exception exception)
                when (Eventually.IsNoAnswer(exception) && !_abandon.IsCancellationRequested)
            {
                // Another one, then.
            }

            await breath.WaitForNextTickAsync(_abandon.Token);
        }
    }
}
