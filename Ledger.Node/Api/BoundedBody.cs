using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Node.Api;

internal enum BodyEnd
{
    Whole,
    TooLarge,

    /// <summary>Other requests hold what memory there is for them.</summary>
    NoRoom,
}

/// <summary>
/// A request's body, up to the server's limit and in memory that is shared out among all requests. What is
/// beyond the limit the server still takes from the connection after its answer, for a few seconds, and
/// throws away: who is cut off while sending never reads why.
/// </summary>
internal sealed class BoundedBody(RequestMemory memory) : IDisposable
{
    /// <summary>The most that is thrown away of one request.</summary>
    private const long BeyondBytesMax = 64 << 20;

    private byte[] _buffer = [];
    private int _length;
    private long _taken;

    /// <summary>Whoever keeps some of it beyond the request copies it.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    public async Task<BodyEnd> ReadAsync(
        HttpRequest request, long limitBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limitBytes)
        {
            return BodyEnd.TooLarge;
        }

        // One more than there is, to see its end without growing.
        _buffer = new byte[Math.Min(request.ContentLength ?? long.MaxValue, RequestMemory.FreeBytes - 1) + 1];
        int read;
        while ((read = await request.Body.ReadAsync(_buffer.AsMemory(_length), cancellationToken)
            .ConfigureAwait(false)) > 0)
        {
            _length += read;
            if (_length > limitBytes)
            {
                return BodyEnd.TooLarge;
            }

            if (_length == _buffer.Length && !TryGrow(limitBytes))
            {
                return BodyEnd.NoRoom;
            }
        }

        return BodyEnd.Whole;
    }

    public void Dispose()
    {
        _buffer = [];
        memory.GiveBack(_taken);
        _taken = 0;
    }

    /// <returns>The server's limit, which from here on is ours to keep.</returns>
    public static long TakeLimit(HttpContext context)
    {
        var feature = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
        var limit = feature.MaxRequestBodySize ?? long.MaxValue - BeyondBytesMax;
        feature.MaxRequestBodySize = limit + BeyondBytesMax;
        return limit;
    }

    /// <summary>
    /// By what has come and not by what was announced: announcing costs a client nothing.
    /// </summary>
    private bool TryGrow(long limitBytes)
    {
        var size = (int)Math.Min(2L * _buffer.Length, limitBytes + 1);
        if (!memory.TryTake(size - _buffer.Length))
        {
            return false;
        }

        _taken += size - _buffer.Length;
        Array.Resize(ref _buffer, size);
        return true;
    }
}
