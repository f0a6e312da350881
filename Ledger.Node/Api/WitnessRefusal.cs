using Ledger.Node.Consensus;
using Ledger.Node.Hosting;
using Microsoft.AspNetCore.Http;

namespace Ledger.Node.Api;

/// <summary>
/// A witness has no blocks, no state and no mempool to answer from: whatever needs one is refused, and the
/// answer says whom to ask. It tells how it is itself, and who the members are.
/// </summary>
internal sealed class WitnessRefusal(ValidatorDirectory directory, ConsensusLoop loop)
{
    private const string Api = "/v1";

    private static readonly string[] Answered = [$"{Api}/status", $"{Api}/genesis", $"{Api}/validators"];

    private static readonly string[] NeedLedger = [Api, $"{WebHost.AdminPath}/checkpoint"];

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
        => MayServe(context.Request.Path) ? next(context) : RefuseAsync(context);

    private static bool MayServe(PathString path)
        => !Array.Exists(NeedLedger, prefix => path.StartsWithSegments(prefix))
            || Array.Exists(Answered, exact => path == exact);

    /// <summary>As of a node that drains: whoever asked another one instead would be served.</summary>
    private Task RefuseAsync(HttpContext context)
        => Problems.Of(
            StatusCodes.Status503ServiceUnavailable, "witness",
            $"{directory.SelfName} is a witness: it votes, keeps no blocks and no state, and takes no "
            + "transactions; ask "
                + WhomToAsk()).ExecuteAsync(context);

    private string WhomToAsk()
    {
        var history = directory.History;
        var voters = directory.Validators;
        var others = string.Join(
            " or ", voters.Indices.Where(seat => !history.IsWitness(seat)).Select(seat => voters[seat].Name));
        return loop.Position.Primary is { } leader ? $"{others} ({directory.NameOf(leader)} leads)" : others;
    }
}
