using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Node.Api;

/// <summary>
/// A request's body, up to the server's limit. What is beyond it the server still takes from the connection
/// after its answer, for a few seconds, and throws away: who is cut off while sending never reads why.
/// </summary>
internal static class BoundedBody
{
    /// <summary>The most that is thrown away of one request.</summary>
    private const long BeyondBytesMax = 64 << 20;

    private const int BufferBytes = 64 << 10;

    /// <returns>Null when it is larger than <paramref name="limitBytes"/>.</returns>
    public static async Task<byte[]?> ReadAsync(
        HttpRequest request, long limitBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limitBytes)
        {
            return null;
        }

        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, 1 << 20));
        var buffer = new byte[BufferBytes];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > limitBytes)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    /// <returns>The server's limit, which from here on is ours to keep.</returns>
    public static long TakeLimit(HttpContext context)
    {
        var feature = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
        var limit = feature.MaxRequestBodySize ?? long.MaxValue - BeyondBytesMax;
        feature.MaxRequestBodySize = limit + BeyondBytesMax;
        return limit;
    }
}
