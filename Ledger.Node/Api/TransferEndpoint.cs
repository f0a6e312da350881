using Ledger.Core;
using Ledger.Node.Consensus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>An operator moves the leadership, before maintenance of the validator that leads.</summary>
internal sealed class TransferEndpoint(LeadershipTransfer transfer, ValidatorSet validators)
{
    /// <param name="admin">The group that only the administrative port serves.</param>
    public void Map(IEndpointRouteBuilder admin) => admin.MapPost(
        "/transfer-leadership",
        (HttpContext http, TransferRequest request) => TransferAsync(request, http.RequestAborted))
        .Produces<TransferReply>();

    private async Task<IResult> TransferAsync(TransferRequest request, CancellationToken cancellationToken)
    {
        var named = request.To is { } name ? validators.Members.ToList().FindIndex(v => v.Name == name) : 0;
        if (named < 0)
        {
            return Problems.BadRequest(
                $"no validator is called '{request.To}'; there are {string.Join(", ", validators.Members.Select(v => v.Name))}");
        }

        var (position, fault) = await transfer.ToAsync(
            request.To is null ? null : new ValidatorIndex(named), cancellationToken).ConfigureAwait(false);
        return position is { Primary: { } leader }
            ? Results.Ok(new TransferReply(validators[leader].Name, position.View.Value))
            : Problems.Of(StatusCodes.Status409Conflict, "not_transferred", fault);
    }
}
