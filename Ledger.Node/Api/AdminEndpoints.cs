using System.Net;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Ledger.Node.Gossip;
using Ledger.Node.Hosting;
using Ledger.Node.Mempool;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Api;

/// <summary>What an operator sees and changes of this node alone, over the port on loopback.</summary>
internal sealed partial class AdminEndpoints(
    NodeOptions options,
    NodeStatus status,
    LogLevels levels,
    Duty duty,
    JournalTail journal,
    ConsensusLoop loop,
    SharedPool pool,
    FinalityWaiters waiters,
    TransactionGossip gossip,
    ILogger logger)
{
    private const int JournalDefault = 20;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/peers", () => status.Describe().PeerList);
        routes.MapGet("/config", () => options.Values);
        routes.MapGet(
            "/journal", (int? last) => Results.Ok(journal.Read(Math.Max(0, last ?? JournalDefault))));
        routes.MapGet("/log-level", Level);
        routes.MapPut("/log-level", (LogLevelReply wanted) => ChangeLevel(wanted.Level));
        routes.MapGet("/duty", Describe);
        routes.MapPut("/duty", (DutyRequest wanted) => Change(wanted.Duty));
    }

    /// <summary>
    /// Whether the request names this machine itself. A page in the operator's browser can be brought to send
    /// requests to loopback, under a name of its own: such a one is refused.
    /// </summary>
    public static bool NamesLoopback(HostString host)
        => host.Host is "localhost"
        || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private LogLevelReply Level() => new(LogLevels.WordOf(levels.Current));

    private IResult ChangeLevel(string? word)
    {
        if (LogLevels.Parse(word ?? "") is not { } level)
        {
            return Problems.BadRequest($"'{word}' is none of trace, debug, information, warning, error");
        }

        levels.Current = level;
        LogLevelChanged(logger, LogLevels.WordOf(level));
        return Results.Ok(Level());
    }

    private IResult Change(string? word)
    {
        if (!Enum.TryParse<DutyKind>(word, ignoreCase: true, out var kind) || !Enum.IsDefined(kind))
        {
            return Problems.BadRequest($"'{word}' is none of full, paused, draining");
        }

        duty.Become(kind);
        DutyChanged(logger, duty.Word);
        return Results.Ok(Describe());
    }

    private DutyReply Describe()
    {
        var clients = waiters.Count;
        var proposes = loop.Position.IsPrimary && pool.Count > 0;
        return new(
            duty.Word, clients, loop.Position.IsPrimary, pool.Count,
            duty.Kind == DutyKind.Draining && clients == 0 && !proposes && gossip.Waiting == 0);
    }

    [LoggerMessage(LogLevel.Information, "The operator set the log level to {Level}")]
    private static partial void LogLevelChanged(ILogger logger, string level);

    [LoggerMessage(LogLevel.Information, "The operator set this validator's duty to {Duty}")]
    private static partial void DutyChanged(ILogger logger, string duty);
}
