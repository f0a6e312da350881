using System.Diagnostics;
using Ledger.Node.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Ledger.Node.Tracing;

/// <summary>
/// The node's source of spans, and the way they take to a collector when one is configured.
/// </summary>
internal static class NodeTracing
{
    public const string SourceName = "Ledger.Node";

    private const string HttpSource = "Microsoft.AspNetCore";
    private const int PerMille = 1000;

    public static ActivitySource Source { get; } = new(SourceName, Hosting.NodeStatus.Version);

    /// <returns>Null where no collector is configured: then no span is made, and none costs
    /// anything.</returns>
    public static TracerProvider? Export(NodeOptions options, string chain, string validator)
        => options.TraceEndpoint is not { } endpoint ? null : Sdk.CreateTracerProviderBuilder()
            .AddSource(SourceName, HttpSource)
            .ConfigureResource(resource => resource
                .AddService("ledger", chain, Hosting.NodeStatus.Version, autoGenerateServiceInstanceId: false,
                    validator))
            .SetSampler(new ParentBasedSampler(
                new TraceIdRatioBasedSampler((double)options.TraceSamplePerMille / PerMille)))
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new(endpoint, "v1/traces");
            })
            .Build();
}
