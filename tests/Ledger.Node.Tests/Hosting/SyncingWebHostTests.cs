using System.Net;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;
using Ledger.Node.Hosting;
using Ledger.Node.Tests.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace Ledger.Node.Tests.Hosting;

/// <summary>A node that takes over a snapshot answers as carefully as the one it will be.</summary>
public sealed class SyncingWebHostTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private WebApplication _web = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var key = TestChain.KeyOf(0);
        await File.WriteAllTextAsync(
            _folder.Sub("genesis.json"), GenesisFile.Write(Keys.GenesisOf(TimeProvider.System, key)), Token);
        KeyFile.Create(_folder.Sub("key.json"), key, passphrase: null);
        await File.WriteAllTextAsync(
            _folder.Sub("node.json"),
            """
            {
              "genesisFile": "genesis.json", "keyFile": "key.json", "dataDir": "data",
              "peers": { "listen": "127.0.0.1:0" }, "http": { "listen": "127.0.0.1:0" },
              "admin": { "listen": "127.0.0.1:0" }
            }
            """, Token);
        var options = NodeOptionsLoader.Load(
            _folder.Sub("node.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        _web = SyncingWebHost.Build(
            options, Metrics.NewCustomRegistry(), logging => logging.ClearProviders(), () => (3, 8));
        await _web.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void It_is_in_production_whatever_the_surroundings_say()
        => Assert.True(_web.Environment.IsProduction());

    [Theory]
    [InlineData(0, "/v1/status", "localhost", HttpStatusCode.ServiceUnavailable)]
    [InlineData(0, "/readyz", "localhost", HttpStatusCode.ServiceUnavailable)]
    [InlineData(0, "/livez", "localhost", HttpStatusCode.OK)]
    [InlineData(0, "/admin/v1/duty", "localhost", HttpStatusCode.NotFound)]
    [InlineData(1, "/admin/v1/duty", "localhost", HttpStatusCode.ServiceUnavailable)]
    [InlineData(1, "/admin/v1/duty", "127.0.0.1:1", HttpStatusCode.ServiceUnavailable)]
    [InlineData(1, "/admin/v1/duty", "attacker.example", HttpStatusCode.Forbidden)]
    public async Task It_says_how_far_it_is_to_who_may_ask(
        int port, string path, string host, HttpStatusCode status)
    {
        using HttpRequestMessage request = new(
            HttpMethod.Get, new Uri(new Uri(_web.Urls.ElementAt(port)), path));
        request.Headers.Host = host;
        using var response = await _http.SendAsync(request, Token);

        Assert.Equal(status, response.StatusCode);
        if (status == HttpStatusCode.ServiceUnavailable)
        {
            Assert.Contains(
                "3 of 8 chunks", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
    }
}
