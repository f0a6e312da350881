using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// One validator: its folder, its ports, and the process that runs it, again and again if need be.
/// </summary>
internal sealed class TestNode : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private LedgerProcess? _process;

    /// <param name="home">Its folder; exists.</param>
    /// <param name="name">As genesis names it.</param>
    /// <param name="key">Its key, which is written to its key file.</param>
    /// <param name="port">The first of three: HTTP, admin, peers.</param>
    public TestNode(string home, string name, SigningKey key, int port)
    {
        (Home, Name, Key, HttpPort) = (home, name, key, port);
        HttpUrl = new($"http://127.0.0.1:{port}");
        KeyFile.Create(KeyPath, key, passphrase: null);
    }

    public string Home { get; }

    public string Name { get; }

    public SigningKey Key { get; }

    public int HttpPort { get; }

    public int AdminPort => HttpPort + 1;

    public int PeerPort => HttpPort + 2;

    public Uri HttpUrl { get; }

    public IPEndPoint PeerAddress => new(IPAddress.Loopback, PeerPort);

    public string ConfigPath => Path.Combine(Home, "node.json");

    public string KeyPath => Path.Combine(Home, "validator.key.json");

    public string GenesisPath => Path.Combine(Home, "genesis.json");

    public string DataPath => Path.Combine(Home, "data");

    /// <summary>Beside the configuration file, in the order of writing: <c>path=value</c>.</summary>
    public List<string> Settings { get; } = [];

    /// <summary>Variables that its process is started with.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public LedgerProcess Process => _process
        ?? throw new InvalidOperationException($"{Name} was not started.");

    public void WriteConfig(IEnumerable<TestNode> others)
    {
        JsonObject endpoints = [];
        foreach (var other in others)
        {
            endpoints[other.Name] = other.PeerAddress.ToString();
        }

        JsonObject config = new()
        {
            ["genesisFile"] = "genesis.json",
            ["keyFile"] = "validator.key.json",
            ["dataDir"] = "data",
            ["peers"] = new JsonObject { ["listen"] = PeerAddress.ToString(), ["endpoints"] = endpoints },
            ["http"] = new JsonObject { ["listen"] = $"127.0.0.1:{HttpPort}" },
            ["admin"] = new JsonObject { ["listen"] = $"127.0.0.1:{AdminPort}" },
            ["log"] = new JsonObject { ["format"] = "console" },
        };
        File.WriteAllText(ConfigPath, config.ToJsonString());
    }

    public LedgerProcess Start()
    {
        _process?.Dispose();
        var settings = Settings.SelectMany(setting => new[] { "--set", setting });
        return _process = LedgerProcess.Start(
            Environment, ["node", "run", "--config", ConfigPath, .. settings]);
    }

    public Task ReadyAsync() => Eventually.HoldsAsync($"{Name} is ready", async () =>
    {
        Assert.False(Process.HasExited, $"{Name} ended; it said:\n{Process.Output}\n{Process.Errors}");
        using var response = await _http.GetAsync(new Uri(HttpUrl, "readyz"));
        return response.IsSuccessStatusCode;
    }, () => Process.Tail);

    public Task<StatusReply> StatusAsync() => GetAsync<StatusReply>("v1/status");

    public async Task<T> GetAsync<T>(string path)
        => (await _http.GetFromJsonAsync<T>(new Uri(HttpUrl, path), Json))!;

    public Task<HttpResponseMessage> PostAsync(
        string path, byte[] body, string mediaType, CancellationToken cancellationToken = default)
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new(mediaType);
        return _http.PostAsync(new Uri(HttpUrl, path), content, cancellationToken);
    }

    public Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken = default)
        => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public Task<string> MetricsAsync() => _http.GetStringAsync(new Uri(HttpUrl, "metrics"));

    /// <summary>The sum over all series of this name whose labels contain the text.</summary>
    public async Task<double> MetricAsync(string name, string labels = "")
    {
        var sum = 0.0;
        foreach (var line in (await MetricsAsync()).Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && line[name.Length] is ' ' or '{'
                && line.Contains(labels, StringComparison.Ordinal))
            {
                sum += double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);
            }
        }

        return sum;
    }

    public void Dispose()
    {
        _process?.Dispose();
        _http.Dispose();
        Key.Dispose();
    }
}
