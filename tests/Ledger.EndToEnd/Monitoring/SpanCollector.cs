using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ledger.EndToEnd.Monitoring;

/// <summary>A collector of spans that keeps what it is sent and looks for words in it.</summary>
internal sealed class SpanCollector : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ConcurrentQueue<byte[]> _bodies = new();

    private SpanCollector(WebApplication web) => _web = web;

    public string Url => _web.Urls.Single();

    public static async Task<SpanCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        SpanCollector collector = new(web);
        web.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using MemoryStream body = new();
            await request.Body.CopyToAsync(body);
            collector._bodies.Enqueue(body.ToArray());
        });
        await web.StartAsync();
        return collector;
    }

    public bool Holds(string word) => Holds(Encoding.UTF8.GetBytes(word));

    public bool Holds(byte[] bytes) => _bodies.Any(body => body.AsSpan().IndexOf(bytes) >= 0);

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
