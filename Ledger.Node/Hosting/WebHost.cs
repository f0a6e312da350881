using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;
using ListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Ledger.Node.Hosting;

/// <summary>The node's HTTP side: the API and probes on one port, administration on loopback on another.</summary>
internal static class WebHost
{
    /// <summary>For requests under way when the node stops; a client that sends or reads slower is cut off.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    /// <summary>Well below the open files that any system allows: clients must not use up what the store needs.</summary>
    private const int ConnectionsMax = 512;

    public static WebApplication Build(
        NodeOptions options,
        NodeStatus status,
        CollectorRegistry registry,
        TransactionEndpoints transactions,
        LookEndpoints looks,
        ReceiptEndpoints receipts,
        CheckpointEndpoints checkpoints)
    {
        ListenOptions? adminListen = null;
        var builder = WebApplication.CreateSlimBuilder();
        NodeLogging.Configure(builder.Logging, options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = options.HttpMaxBodyBytes;
            kestrel.Listen(options.HttpListen);
            kestrel.Listen(options.AdminListen, listen => adminListen = listen);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopLimit);
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = context =>
            context.ProblemDetails.Extensions.TryAdd("code", Problems.CodeOf(context.ProblemDetails.Status)));
        builder.Services.AddOpenApi();
        builder.Services.AddRouting();
        var app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = exception => exception is BadHttpRequestException bad ? bad.StatusCode : 500,
        });
        app.UseStatusCodePages();
        transactions.Map(app);
        looks.Map(app);
        receipts.Map(app);
        app.MapGet("/v1/status", status.Describe);
        app.MapGet("/livez", () => Probe(status.IsAlive, "the consensus loop does not turn"));
        app.MapGet("/healthz", () => Probe(status.IsAlive, "the consensus loop does not turn"));
        app.MapGet("/readyz", () => Probe(status.IsReady, "behind, or connected to too few validators for a quorum"));
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapMetrics("/metrics", registry);
        var admin = app.MapGroup("/admin/v1").AddEndpointFilter(OnlyOn(() => adminListen?.IPEndPoint?.Port));
        admin.MapGet("/peers", () => status.Describe().PeerList);
        admin.MapGet("/config", () => options.Values);
        checkpoints.Map(admin);
        return app;
    }

    /// <summary>
    /// By the port that the connection came in on: what a Host header says, anybody can write. Asked for with each
    /// request, since a configured port 0 becomes another once it is bound.
    /// </summary>
    private static Func<EndpointFilterInvocationContext, EndpointFilterDelegate, ValueTask<object?>> OnlyOn(Func<int?> port)
        => (context, next) => context.HttpContext.Connection.LocalPort == port()
            ? next(context)
            : ValueTask.FromResult<object?>(Problems.NotFound("administration is on its own port, on loopback"));

    private static IResult Probe(bool holds, string otherwise) => holds
        ? Results.Text("ok\n")
        : Problems.Of(StatusCodes.Status503ServiceUnavailable, "not_ready", otherwise);
}
