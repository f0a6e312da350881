using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>
/// The page for people at <c>/</c>: a few files inside this assembly, which ask the API like any other
/// client. Nothing comes from elsewhere, so it works without a way to the internet.
/// </summary>
internal static class StatusPage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly (string Path, string Name, string Type)[] Files =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/page/page.css", "page.css", "text/css; charset=utf-8"),
        ("/page/page.js", "page.js", "text/javascript; charset=utf-8"),
        ("/page/icon.svg", "icon.svg", "image/svg+xml"),
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, name, type) in Files)
        {
            var bytes = Read(name);
            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..8])}\"";
            routes.MapGet(path, (HttpContext http) => Serve(http, bytes, type, tag)).ExcludeFromDescription();
        }
    }

    private static IResult Serve(HttpContext http, byte[] bytes, string type, string tag)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";

        // Asked for each time and sent once: after an upgrade nobody sees the page of the version before.
        headers.CacheControl = "no-cache";
        headers.ETag = tag;
        return http.Request.Headers.IfNoneMatch == tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(bytes, type);
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(StatusPage).Assembly.GetManifestResourceStream($"StatusPage/{name}")
            ?? throw new InvalidOperationException($"The assembly lacks its page {name}.");
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
