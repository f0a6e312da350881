using System.Net;
using System.Net.Sockets;
using Ledger.Node.Api;
using Ledger.Node.Configuration;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;
using ListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Ledger.Node.Hosting;

/// <summary>
/// The node's HTTP side: the API and probes on one port, administration on loopback on another.
/// </summary>
internal static class WebHost
{
    /// <summary>What an operator's requests begin with.</summary>
    public const string AdminPath = "/admin/v1";

    /// <summary>
    /// For requests under way when the node stops; a client that sends or reads slower is cut off.
    /// </summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Well below the open files that any system allows: clients must not use up what the store needs.
    /// </summary>
    private const int ConnectionsMax = 512;

    /// <summary>Operators find a place on their port, however many clients there are.</summary>
    private const int PublicConnectionsMax = 448;

    /// <summary>What a proxy needs for all that it serves, and no client of its own.</summary>
    private const int ConnectionsOfOneMax = 256;

    /// <summary>
    /// What large requests and answers may hold together: twice the largest body that can be configured, and
    /// a fraction of what a node has.
    /// </summary>
    public const long RequestBytesMax = 128 << 20;

    /// <summary>What operators send is a few words.</summary>
    private const long AdminBodyBytesMax = 64 << 10;

    /// <summary>
    /// Whatever the surroundings say: in development a client would be shown our stack. Nor are their
    /// settings watched for changes, since that is a watch on the working folder and all below it, a devnet's
    /// databases too.
    /// </summary>
    private static WebApplicationOptions Surroundings { get; } = new()
    {
        EnvironmentName = Environments.Production,
        Args = ["--hostBuilder:reloadConfigOnChange=false"],
    };

    public static WebApplication Build(
        NodeOptions options,
        NodeStatus status,
        CollectorRegistry registry,
        TransactionEndpoints transactions,
        LookEndpoints looks,
        ReceiptEndpoints receipts,
        EvidenceEndpoints evidence,
        TransferEndpoint transfer,
        MembersEndpoint members,
        ContentEndpoints contents,
        CheckpointEndpoints checkpoints,
        AdminEndpoints operations,
        LogLevels levels,
        WitnessRefusal? refusal)
    {
        var builder = Begin(
            options, logging => NodeLogging.Configure(logging, options, levels), out var adminPort);
        builder.Services.AddOpenApi();
        var app = builder.Build();
        GuardAgainstFaults(app);
        GuardAdministration(app, adminPort);
        app.Use(
            (context, next) => IsOurs(context.Request) && Problems.DoubleParameter(context.Request) is { } bad
                ? bad.ExecuteAsync(context)
                : next(context));
        app.Use(
            (context, next) => IsSubmission(context.Request) && status.RefusalOfTransactions is { } refused
                ? RefuseAsync(context, refused.Code, refused.Sentence)
                : next(context));
        if (refusal is not null)
        {
            app.Use(refusal.InvokeAsync);
        }

        transactions.Map(app);
        looks.Map(app);
        receipts.Map(app);
        evidence.Map(app);
        contents.Map(app);
        StatusPage.Map(app);
        app.MapGet("/v1/status", status.Describe);
        app.MapGet("/livez", () => Probe(status.IsAlive, "the consensus loop does not turn"));
        app.MapGet("/healthz", () => Probe(status.IsAlive, "the consensus loop does not turn"));
        app.MapGet("/readyz", () => Probe(status.IsReady, status.WhyNotReady));
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapMetrics("/metrics", registry);
        var admin = app.MapGroup(AdminPath);
        checkpoints.Map(admin);
        transfer.Map(admin);
        members.Map(admin);
        operations.Map(admin);
        return app;
    }

    /// <summary>
    /// What every HTTP side of a node has: its two ports, its limits, and nothing that depends on where it
    /// runs.
    /// </summary>
    /// <param name="adminPort">Tells the port of administration, which is known once it is bound.</param>
    public static WebApplicationBuilder Begin(
        NodeOptions options, Action<ILoggingBuilder> logging, out Func<int?> adminPort)
    {
        ListenOptions? adminListen = null;
        adminPort = () => adminListen?.IPEndPoint?.Port;

        var builder = WebApplication.CreateSlimBuilder(Surroundings);
        logging(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = options.HttpMaxBodyBytes;
            kestrel.Listen(
                options.HttpListen,
                listen => listen.Use(new ConnectionShares(PublicConnectionsMax, ConnectionsOfOneMax).Guard));
            kestrel.Listen(options.AdminListen, listen => adminListen = listen);
        });
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = Bind);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopLimit);
        builder.Services.AddProblemDetails(
            problems => problems.CustomizeProblemDetails = context
                => Problems.Complete(context.ProblemDetails, context.Exception));
        builder.Services.AddRouting();
        return builder;
    }

    /// <summary>A fault becomes an answer in our form, and no more than that.</summary>
    public static void GuardAgainstFaults(WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = Problems.StatusOf,

            // A damaged ledger stops the node, which says why, once.
            SuppressDiagnosticsCallback = context => context.Exception is DamagedDataException,
        });
        app.UseStatusCodePages();
    }

    /// <summary>
    /// Nobody but an operator gets past this: before any endpoint is asked, since one would read its body
    /// first. By the port that the connection came in on: what a Host header says, anybody can write. Asked
    /// for with each request, since a configured port 0 becomes another once it is bound.
    /// </summary>
    public static void GuardAdministration(WebApplication app, Func<int?> port)
        => app.Use((context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments(AdminPath))
            {
                return next(context);
            }

            if (context.Connection.LocalPort != port())
            {
                return Problems.NotFound("administration is on its own port, on loopback")
                    .ExecuteAsync(context);
            }

            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize
                = AdminBodyBytesMax;
            return AdminEndpoints.NamesLoopback(context.Request.Host)
                ? next(context)
                : Problems.Of(
                    StatusCodes.Status403Forbidden, "wrong_host",
                    "ask for it by a loopback address or as localhost").ExecuteAsync(context);
        });

    /// <summary>
    /// Whoever is gone without a word is found out: nothing is written to a stream while the chain is silent,
    /// and such a client would keep its place for ever. What is set here each connection inherits.
    /// </summary>
    private static Socket Bind(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return socket;
    }

    /// <summary>The metrics are not: whoever scrapes them may add what it likes.</summary>
    private static bool IsOurs(HttpRequest request)
        => request.Path.StartsWithSegments("/v1") || request.Path.StartsWithSegments(AdminPath);

    private static bool IsSubmission(HttpRequest request)
        => HttpMethods.IsPost(request.Method) && request.Path == "/v1/transactions";

    /// <summary>Whoever asked another node instead would be served at once: 503 says just that.</summary>
    private static Task RefuseAsync(HttpContext context, string code, string sentence)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, code, sentence).ExecuteAsync(context);
    }

    private static IResult Probe(bool holds, string otherwise) => holds
        ? Results.Text("ok\n")
        : Problems.Of(StatusCodes.Status503ServiceUnavailable, "not_ready", otherwise);
}
