using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Client;

/// <summary>
/// Speaks to one of several nodes: the one that answered last, and the next one when it does not answer soon.
/// A request may so reach two nodes, which is harmless: a transaction is identified by its hash and applied
/// at most once.
/// </summary>
internal sealed class NodeClient : IDisposable
{
    public const string MessagePackType = "application/vnd.msgpack";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly IReadOnlyList<Uri> _nodes;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _http;
    private int _current;
    private Genesis? _genesis;

    public NodeClient(IReadOnlyList<Uri> nodes, TimeSpan timeout)
    {
        _nodes = nodes;
        _timeout = timeout;
        _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            // Each command has its own limit: see LimitedAsync.
            Timeout = Timeout.InfiniteTimeSpan,

            // No answer is larger than the largest proof, whatever a node sends.
            MaxResponseContentBufferSize = ProofFile.BytesMax,
        };
    }

    public Uri Current => _nodes[Volatile.Read(ref _current) % _nodes.Count];

    /// <summary>
    /// The chain's genesis, asked for once: it names the chain that transactions are signed for.
    /// </summary>
    public async Task<Genesis> GenesisAsync(CancellationToken cancellationToken)
    {
        if (_genesis is null)
        {
            using var response = await SendAsync(HttpMethod.Get, "v1/genesis", null, cancellationToken);
            await RefuseProblemAsync(response, cancellationToken);
            _genesis = GenesisFile.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        }

        return _genesis;
    }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
        => await FindAsync<T>(path, cancellationToken)
            ?? throw new CliException(
                $"{Current} has no {path}", "check the name, or ask another node with --node");

    /// <returns>Null when the node answers 404.</returns>
    public async Task<T?> FindAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return default;
        }

        await RefuseProblemAsync(response, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>An answer that is not the client's to understand: a proof, in its MessagePack form.</summary>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken, MessagePackType);
        await RefuseProblemAsync(response, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    /// <summary>
    /// Sends transactions and, with <paramref name="wait"/>, waits until they are final; what is not when the
    /// client's time is up comes back as pending.
    /// </summary>
    public async Task<IReadOnlyList<TransactionReply>> SubmitAsync(
        IReadOnlyList<Transaction> transactions, bool wait, CancellationToken cancellationToken)
    {
        var body = TransactionBatch.Encode(transactions);
        var watch = Stopwatch.StartNew();
        using var response = await SendAsync(HttpMethod.Post, Path, body, null, cancellationToken);
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            throw new BusyException(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
        }

        await RefuseProblemAsync(response, cancellationToken);
        return await ReadAsync<TransactionReply[]>(response, cancellationToken);

        string Path() => wait
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"v1/transactions?wait=final&timeoutMs={WaitMs(watch.Elapsed)}")
            : "v1/transactions";
    }

    /// <summary>An open stream of server-sent events. The caller disposes the response.</summary>
    public async Task<HttpResponseMessage> OpenEventsAsync(ulong from, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(
            HttpMethod.Get, new Uri(Current, $"v1/events?from={from}&types=block"));
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await RefuseProblemAsync(response, cancellationToken);
        return response;
    }

    /// <summary>
    /// A client that asks the present node alone, where two answers must come from one state.
    /// </summary>
    public NodeClient OnlyCurrent() => new([Current], _timeout);

    public void UseNext() => Interlocked.Increment(ref _current);

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Waits out each refusal until the time is up; what the command's limit cuts off exits 3.
    /// </summary>
    public async Task<T> LimitedAsync<T>(
        Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            while (true)
            {
                try
                {
                    return await work(limit.Token);
                }
                catch (BusyException busy)
                {
                    await Task.Delay(busy.RetryAfter, limit.Token);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(
                $"no answer from {string.Join(", ", _nodes)} within {_timeout.TotalSeconds:0} s",
                "the network may not be advancing: look with 'ledger status', or allow more with --timeout",
                ExitCode.TimedOut);
        }
    }

    private Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken,
        string? accept = null)
        => SendAsync(method, () => path, body, accept, cancellationToken);

    /// <param name="path">Asked for anew for each node: it may say how much time is left.</param>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Func<string> path, ReadOnlyMemory<byte>? body, string? accept,
        CancellationToken cancellationToken)
    {
        HedgedRequest request = new(
            _nodes, HedgedRequest.PatienceOf(_timeout, _nodes.Count),
            (node, limit) => AskAsync(node, method, path(), body, accept, limit));
        var (answer, node) = await request.SendAsync(Volatile.Read(ref _current), cancellationToken);
        Volatile.Write(ref _current, node);
        return answer;
    }

    private async Task<(HttpResponseMessage? Answer, NodeRefusal? Refusal)> AskAsync(
        Uri node, HttpMethod method, string path, ReadOnlyMemory<byte>? body, string? accept,
        CancellationToken cancellationToken)
    {
        try
        {
            using HttpRequestMessage request = new(method, new Uri(node, path));
            if (accept is not null)
            {
                request.Headers.Accept.ParseAdd(accept);
            }

            if (body is { } bytes)
            {
                request.Content = new ReadOnlyMemoryContent(bytes);
                request.Content.Headers.ContentType = new(MessagePackType);
            }

            var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return (response, null);
            }

            using (response)
            {
                var words = WordsOf(await response.Content.ReadAsStringAsync(cancellationToken));
                return (null, new(node, HasAnswered: true, words));
            }
        }
        catch (HttpRequestException exception)
        {
            return (null, new(
                node, HasAnswered: false, exception.InnerException?.Message ?? exception.Message));
        }
    }

    /// <summary>What is left of our time when a node is asked, less the margin.</summary>
    private int WaitMs(TimeSpan elapsed)
        => Math.Max(1, (int)(_timeout - AnswerMargin(_timeout) - elapsed).TotalMilliseconds);

    /// <summary>The node answers a little before we would give up on it.</summary>
    private static TimeSpan AnswerMargin(TimeSpan timeout)
        => timeout / 10 < TimeSpan.FromSeconds(1) ? timeout / 10 : TimeSpan.FromSeconds(1);

    private static async Task<T> ReadAsync<T>(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException exception)
        {
            throw new CliException(
                $"the answer of {response.RequestMessage?.RequestUri} is not understood "
                + $"({exception.Message})",
                "check that the URL is a node's, of the same version as this tool");
        }
    }

    private static async Task RefuseProblemAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new RefusedException(
            response.StatusCode, WordsOf(text) ?? response.ReasonPhrase ?? "no reason given");
    }

    private static string? WordsOf(string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<ProblemReply>(text, Json);
            return problem?.Detail ?? problem?.Title;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
