using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Ledger.Node.Hosting;
using Ledger.Node.Tests.Transport;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Tests.Api;

/// <summary>A whole node in this process, on ports of the system's choice.</summary>
public abstract class RunningNode : IAsyncLifetime, ILoggerProvider, ILogger
{
    public const string MessagePack = "application/vnd.msgpack";

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _serves = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _validators;
    private readonly Dictionary<string, string> _settings;
    private readonly HttpClient _http = new();
    private ILoggerFactory? _logs;
    private NodeParts? _parts;
    private NodeHost? _host;
    private Task _runs = Task.CompletedTask;

    /// <param name="validators">This node is the first of them; the others are not there.</param>
    /// <param name="settings">On top of what every node is told.</param>
    protected RunningNode(int validators, Dictionary<string, string> settings)
    {
        _validators = validators;
        _settings = settings;
    }

    public Genesis Genesis { get; private set; } = null!;

    public HttpClient Http => _http;

    public Uri Admin => new(_host!.Addresses[1]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        SigningKey[] keys = [.. Enumerable.Range(0, _validators).Select(TestChain.KeyOf)];
        Genesis = Keys.GenesisOf(TimeProvider.System, keys);
        await File.WriteAllTextAsync(_folder.Sub("genesis.json"), GenesisFile.Write(Genesis));
        KeyFile.Create(_folder.Sub("key.json"), keys[0], passphrase: null);
        await File.WriteAllTextAsync(
            _folder.Sub("node.json"),
            """
            {
              "genesisFile": "genesis.json", "keyFile": "key.json", "dataDir": "data",
              "peers": { "listen": "127.0.0.1:0" }, "http": { "listen": "127.0.0.1:0" },
              "admin": { "listen": "127.0.0.1:0" }, "log": { "level": "error" }
            }
            """);
        var options = NodeOptionsLoader.Load(
            _folder.Sub("node.json"), new Dictionary<string, string>(), _settings);
        _logs = LoggerFactory.Create(builder => builder.AddProvider(this));
        _parts = NodeParts.Open(options);
        _host = new(options, _parts, _logs, new(options.LogLevel));
        _runs = _host.RunAsync(_stop.Token);
        await Task.WhenAny(_serves.Task, _runs).WaitAsync(TestChain.Deadline);
        Assert.False(_runs.IsCompleted, "the node did not start");
        _http.BaseAddress = new(_host.Addresses[0]);
    }

    public Transaction Put(
        string key = "key", string value = "value", SigningKey? sender = null, string ns = "open",
        ulong? expectedVersion = null)
        => Keys.Sign(
            TimeProvider.System, sender ?? Keys.Writer,
            new Operation.Put(ns, key, System.Text.Encoding.UTF8.GetBytes(value), expectedVersion));

    public Task<HttpResponseMessage> PostAsync(HttpContent content, string query = "")
        => _http.PostAsync(new Uri($"/v1/transactions{query}", UriKind.Relative), content, Token);

    public Task<HttpResponseMessage> PostAsync(Transaction transaction, string query = "")
        => PostAsync(JsonContent.Create(RequestOf(transaction)), query);

    public async Task<TransactionReply> SubmitFinalAsync(Transaction transaction)
    {
        using var response = await PostAsync(transaction, "?wait=final");
        var reply = (await response.Content.ReadFromJsonAsync<TransactionReply>(Token))!;
        Assert.Equal("final", reply.Status);
        return reply;
    }

    public Task<HttpResponseMessage> GetAsync(string path)
        => _http.GetAsync(new Uri(path, UriKind.Relative), Token);

    public async Task<T> GetAsync<T>(string path)
    {
        using var response = await GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        return (await response.Content.ReadFromJsonAsync<T>(Token))!;
    }

    /// <summary>
    /// Checks that an answer is a problem of RFC 9457 with this status and code, and says what is wrong.
    /// </summary>
    public static async Task ProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var problem = await ProblemWithoutWordsAsync(response, status, code);
        Assert.False(string.IsNullOrWhiteSpace(problem.GetProperty("detail").GetString()));
    }

    /// <summary>The same for what the framework refuses, which gives a title and no detail.</summary>
    public static async Task<JsonElement> ProblemWithoutWordsAsync(
        HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        return problem;
    }

    public static ByteArrayContent Packed(ReadOnlyMemory<byte> bytes)
        => new(bytes.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue(MessagePack) } };

    /// <summary>A transaction as a client writes it in JSON. Puts only: what these tests send.</summary>
    public static TransactionRequest RequestOf(Transaction transaction) => new(
        transaction.Body.ChainId, transaction.Sender.ToString(), transaction.Body.ValidUntil.UnixMilliseconds,
        transaction.Body.Nonce,
        [
            .. transaction.Body.Operations.Cast<Operation.Put>().Select(put => new OperationRequest(
                "put", put.Namespace, put.Key, Convert.ToBase64String(put.Value.Span), put.ExpectedVersion)),
        ],
        transaction.Signature.ToString());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _runs;
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _parts?.Dispose();
        _logs?.Dispose();
        _http.Dispose();
        _stop.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    ILogger ILoggerProvider.CreateLogger(string categoryName) => this;

    void IDisposable.Dispose() => GC.SuppressFinalize(this);

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception).StartsWith("HTTP API on", StringComparison.Ordinal))
        {
            _serves.TrySetResult();
        }
    }
}

/// <summary>The only validator of its chain: what it is given is final at once.</summary>
public sealed class SingleNode() : RunningNode(
    validators: 1,
    new()
    {
        ["http.maxBodyBytes"] = "300000",

        // One sender may have 1310 bytes waiting: a larger transaction never finds room.
        ["mempool.maxBytes"] = "131072",
        ["mempool.senderSharePercent"] = "1",
    });
