using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Ledger.Node.Api;

/// <summary>
/// Reads that go through many records take turns, so that however many ask for them at once there are threads
/// left for the peers' messages, and what they answer is held within the memory that requests share.
/// </summary>
internal sealed class HeavyReads(RequestMemory memory) : IEndpointFilter, IDisposable
{
    /// <summary>Whoever comes when so many wait would wait too long.</summary>
    private const int WaitingMax = 64;

    private readonly ConcurrencyLimiter _turns = new(new()
    {
        PermitLimit = Math.Max(1, Environment.ProcessorCount / 2),
        QueueLimit = WaitingMax,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public ValueTask<object?> InvokeAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        => ServeAsync(context.HttpContext, () => next(context));

    public async Task<IResult> ServeAsync(HttpContext http, Func<IResult> read)
        => (IResult)(await ServeAsync(http, () => ValueTask.FromResult<object?>(read()))
            .ConfigureAwait(false))!;

    public void Dispose() => _turns.Dispose();

    private async ValueTask<object?> ServeAsync(HttpContext http, Func<ValueTask<object?>> read)
    {
        using var turn = await _turns.AcquireAsync(1, http.RequestAborted).ConfigureAwait(false);
        if (!turn.IsAcquired)
        {
            return Problems.Busy(http);
        }

        // The turn ends with the reading. What is written from then on is as slow as its client.
        var answer = await read().ConfigureAwait(false);
        return answer is FileContentHttpResult file && !MayHold(http, file.FileContents.Length)
            ? Problems.Busy(http)
            : answer;
    }

    private bool MayHold(HttpContext http, long bytes)
    {
        if (bytes <= RequestMemory.FreeBytes)
        {
            return true;
        }

        if (!memory.TryTake(bytes))
        {
            return false;
        }

        http.Response.OnCompleted(() =>
        {
            memory.GiveBack(bytes);
            return Task.CompletedTask;
        });
        return true;
    }
}
