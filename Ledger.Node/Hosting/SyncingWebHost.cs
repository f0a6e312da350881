using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace Ledger.Node.Hosting;

/// <summary>
/// The HTTP side of a node whose ledger is being replaced: alive, not ready, and to all else it says how far
/// it is. As careful about who asks as the node that follows it.
/// </summary>
internal static class SyncingWebHost
{
    public static WebApplication Build(
        NodeOptions options, CollectorRegistry registry, Action<ILoggingBuilder> logging,
        Func<(int Done, int All)> progress)
    {
        var builder = WebHost.Begin(options, logging, out var adminPort);
        var app = builder.Build();
        WebHost.GuardAgainstFaults(app);
        WebHost.GuardAdministration(app, adminPort);
        app.MapGet("/livez", () => Results.Text("ok\n"));
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapMetrics("/metrics", registry);
        app.MapFallback("{**path}", Syncing);
        return app;

        IResult Syncing() => Problems.Of(
            StatusCodes.Status503ServiceUnavailable, "syncing",
            $"this node takes over a snapshot: {progress().Done} of {progress().All} chunks are here");
    }
}
