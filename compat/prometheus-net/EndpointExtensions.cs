using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Prometheus;

public static class EndpointRouteBuilderExtensions
{
    /// <summary>Serves the registry's metrics at a path.</summary>
    public static IEndpointConventionBuilder MapMetrics(
        this IEndpointRouteBuilder endpoints, string pattern = "/metrics", CollectorRegistry? registry = null)
    {
        var source = registry ?? Metrics.DefaultRegistry;
        return endpoints.MapGet(pattern, async (HttpContext context) =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await source.CollectAndExportAsTextAsync(
                context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        });
    }
}
