using System.Net;
using Ledger.Cli.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ledger.Cli.Tests;

public class ProbeCommandTests
{
    [Theory]
    [InlineData("0.0.0.0:8080", "http://127.0.0.1:8080/")]
    [InlineData("[::]:8080", "http://[::1]:8080/")]
    [InlineData("10.1.2.3:80", "http://10.1.2.3/")]
    public void Who_listens_on_every_address_is_asked_on_loopback(string listen, string url)
        => Assert.Equal(url, ProbeCommand.UrlOf(IPEndPoint.Parse(listen)).ToString());

    [Fact]
    public async Task A_node_that_is_alive_and_not_ready_passes_one_probe_and_fails_the_other()
    {
        using TemporaryFolder folder = new();
        await using var node = await StartAsync();

        Assert.Equal(0, (await ProbeAsync(folder, node)).Exit);
        var ready = await ProbeAsync(folder, node, "--ready");
        Assert.Equal(1, ready.Exit);
        Assert.Contains("readyz answers 503", ready.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_listens_the_probe_fails_and_says_where_it_asked()
    {
        using TemporaryFolder folder = new();
        var node = await StartAsync();
        var url = node.Urls.Single();
        await node.DisposeAsync();

        Tool.AssertRefused(await ProbeAsync(folder, url), 1, $"nothing answers at {url}/livez");
    }

    private static Task<Said> ProbeAsync(TemporaryFolder folder, WebApplication node, params string[] more)
        => ProbeAsync(folder, node.Urls.Single(), more);

    private static async Task<Said> ProbeAsync(TemporaryFolder folder, string url, params string[] more)
    {
        var config = Path.Combine(folder.Path, "node.json");
        await File.WriteAllTextAsync(
            config,
            $$"""
            {
              "genesisFile": "g", "keyFile": "k", "dataDir": "d",
              "http": { "listen": "{{new Uri(url).Authority}}" }
            }
            """,
            TestContext.Current.CancellationToken);
        return await Tool.RunAsync(["node", "probe", "--config", config, .. more]);
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.MapGet("/livez", () => Results.Ok());
        web.MapGet("/readyz", () => Results.StatusCode(503));
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }
}
