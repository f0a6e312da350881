using System.Net;
using Ledger.Cli.Devnet;
using Ledger.Cli.Tests.Doctor;
using Ledger.Node.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ledger.Cli.Tests.Devnet;

/// <summary>A devnet waits for its validators, and for nobody who is none any more.</summary>
public sealed class DevnetReadinessTests
{
    [Theory]
    [InlineData("ready", Readiness.Ready)]
    [InlineData("syncing", Readiness.NotYet)]
    [InlineData("joining", Readiness.NotYet)]
    [InlineData("removed", Readiness.HasNoSeat)]
    internal async Task A_node_is_taken_at_its_word(string state, Readiness expected)
    {
        await using var node = await StartAsync(state);
        using HttpClient http = new();

        Assert.Equal(expected, await OfAsync(new(http), node, "validator-1"));
    }

    [Theory]
    [InlineData("validator-4", Readiness.NotYet)]
    [InlineData("validator-5", Readiness.HasNoSeat)]
    internal async Task Who_has_not_heard_of_its_removal_is_known_by_the_others(
        string name, Readiness expected)
    {
        await using var ready = await StartAsync("ready");
        await using var late = await StartAsync("waiting");
        using HttpClient http = new();
        DevnetReadiness readiness = new(http);

        Assert.Equal(Readiness.NotYet, await OfAsync(readiness, late, name));
        Assert.Equal(Readiness.Ready, await OfAsync(readiness, ready, "validator-1"));
        Assert.Equal(expected, await OfAsync(readiness, late, name));
    }

    [Fact]
    public async Task Nobody_there_is_not_ready_yet()
    {
        using HttpClient http = new();

        Assert.Equal(Readiness.NotYet, await new DevnetReadiness(http).OfAsync(
            new("http://127.0.0.1:25995"), "validator-1", TestContext.Current.CancellationToken));
    }

    private static Task<Readiness> OfAsync(DevnetReadiness readiness, WebApplication node, string name)
        => readiness.OfAsync(new(node.Urls.Single()), name, TestContext.Current.CancellationToken);

    private static async Task<WebApplication> StartAsync(string state)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.MapGet("/readyz", () => Results.StatusCode(state == "ready" ? 200 : 503));
        web.MapGet("/v1/status", () => Clinic.Well().Visits[0].Status! with { State = state });
        web.MapGet(
            "/v1/validators",
            () => Clinic.Names.Select((name, i) => new ValidatorReply(i, name, $"key-{i}")));
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }
}
