using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ledger.Node.Api;

/// <summary>
/// A checkpoint of the ledger for who makes a snapshot or a backup on this machine: the node goes on
/// meanwhile. One at a time, until it is given back.
/// </summary>
internal sealed class CheckpointEndpoints(LedgerStore store, string dataFolder)
{
    private readonly Lock _lock = new();
    private bool _isOut;

    public void Map(IEndpointRouteBuilder admin)
    {
        admin.MapPost("/checkpoint", Make);
        admin.MapDelete("/checkpoint", Remove);
    }

    private IResult Make(bool? replace)
    {
        lock (_lock)
        {
            if (_isOut && replace != true)
            {
                return Problems.Of(
                    StatusCodes.Status409Conflict, "in_use",
                    "a checkpoint is in use by a snapshot or backup under way; give it back with DELETE, "
                    + "or say ?replace=true");
            }

            var path = LedgerCheckpoint.Make(store, dataFolder);
            _isOut = true;
            return Results.Ok(new CheckpointReply(path));
        }
    }

    private IResult Remove()
    {
        lock (_lock)
        {
            LedgerCheckpoint.Remove(dataFolder);
            _isOut = false;
            return Results.NoContent();
        }
    }
}

/// <param name="Path">A folder on the node's machine.</param>
public sealed record CheckpointReply(string Path);
