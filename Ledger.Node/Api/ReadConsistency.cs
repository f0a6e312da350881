using System.Globalization;
using Ledger.Node.Consensus;
using Microsoft.AspNetCore.Http;

namespace Ledger.Node.Api;

/// <summary>
/// What <c>consistency=</c> on a read means: <c>local</c> is what this node has, and the answer says at which
/// height; <c>linearizable</c> is nothing older than what anyone was told before the read was sent.
/// </summary>
internal sealed class ReadConsistency(LinearizableReads reads)
{
    private const int RetryAfterSeconds = 1;

    /// <summary>Reads from the final state once it is recent enough, or says why it is not.</summary>
    public Task<IResult> ServeAsync(HttpContext http, string? consistency, Func<IResult> read)
        => ServeAsync(http, consistency, () => Task.FromResult(read()));

    /// <inheritdoc cref="ServeAsync(HttpContext, string?, Func{IResult})"/>
    public async Task<IResult> ServeAsync(HttpContext http, string? consistency, Func<Task<IResult>> read)
    {
        if (consistency is null or "local")
        {
            return await read().ConfigureAwait(false);
        }

        if (consistency != "linearizable")
        {
            return Problems.BadRequest("'consistency' is local or linearizable");
        }

        if (await reads.CatchUpAsync(http.RequestAborted).ConfigureAwait(false) is not { } obstacle)
        {
            return await read().ConfigureAwait(false);
        }

        http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(
            StatusCodes.Status503ServiceUnavailable, "no_quorum",
            $"no quorum vouches that nothing newer exists: {obstacle}; ask again or another validator, or "
                + "read with consistency=local what this one has");
    }
}
