using Ledger.Core;
using Ledger.Node.Consensus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>
/// An admin asks whether members may change so now; the change itself is a transaction like any other.
/// </summary>
internal sealed class MembersEndpoint(MemberChanges changes)
{
    private const int OperationsMax = 64;

    /// <param name="admin">The group that only the administrative port serves.</param>
    public void Map(IEndpointRouteBuilder admin) => admin.MapPost(
        "/members/check",
        (HttpContext http, MembersRequest request) => CheckAsync(request, http.RequestAborted))
        .Produces<MembersReply>();

    private async Task<IResult> CheckAsync(MembersRequest request, CancellationToken cancellationToken)
    {
        Operation[] operations;
        try
        {
            operations =
                [.. (request.Operations ?? []).Take(OperationsMax + 1).Select(TransactionBodies.OperationIn)];
        }
        catch (MalformedException malformed)
        {
            return Problems.BadRequest(malformed.Message);
        }

        if (operations.Length is 0 or > OperationsMax)
        {
            return Problems.BadRequest($"operations: 1 to {OperationsMax}");
        }

        return await changes.FaultAsync(operations, cancellationToken).ConfigureAwait(false) is { } fault
            ? Problems.Of(StatusCodes.Status409Conflict, "members_refused", fault)
            : Results.Ok(new MembersReply(true));
    }
}
