using Ledger.Core;
using Ledger.Node.Consensus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>An operator moves the leadership, before maintenance of the validator that leads.</summary>
internal sealed class TransferEndpoint(LeadershipTransfer transfer, ValidatorDirectory directory)
{
    /// <param name="admin">The group that only the administrative port serves.</param>
    public void Map(IEndpointRouteBuilder admin) => admin.MapPost(
        "/transfer-leadership",
        (HttpContext http, TransferRequest request) => TransferAsync(request, http.RequestAborted))
        .Produces<TransferReply>();

    private async Task<IResult> TransferAsync(TransferRequest request, CancellationToken cancellationToken)
    {
        var validators = directory.Validators;
        ValidatorIndex? named = request.To is { } name
            ? validators.Indices.Where(seat => validators[seat].Name == name).Cast<ValidatorIndex?>()
                .FirstOrDefault()
            : null;
        if (request.To is not null && named is null)
        {
            return Problems.BadRequest(
                $"no validator is called '{request.To}'; there are "
                + $"{string.Join(", ", validators.Members.Select(v => v.Name))}");
        }

        var (position, fault) = await transfer.ToAsync(named, cancellationToken).ConfigureAwait(false);
        return position is { Primary: { } leader }
            ? Results.Ok(new TransferReply(directory.NameOf(leader), position.View.Value))
            : Problems.Of(StatusCodes.Status409Conflict, "not_transferred", fault);
    }
}
