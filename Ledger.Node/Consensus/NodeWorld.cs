using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Node.Sync;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>
/// What the replica speaks into: messages go to the transport's queues, requests to whoever answers them. Runs on the
/// consensus loop's thread and never waits.
/// </summary>
internal sealed partial class NodeWorld(
    ConsensusLoop loop,
    PeerNetwork network,
    BlockSync sync,
    ExecutionService execution,
    RecentBlocks recent,
    TimeProvider clock,
    ConsensusMetrics metrics,
    ILogger<NodeWorld> logger) : IWorld
{
    private readonly Dictionary<TimerKind, ITimer> _timers = [];

    public void Send(Envelope envelope, Recipients to)
        => network.Send(FrameKind.Consensus, PbftCodec.EncodeEnvelope(envelope), to.Only);

    public void Carry(Effect effect)
    {
        switch (effect)
        {
            case Effect.Decide decide:
                execution.Finalise(decide.Decision);
                break;
            case Effect.SetTimer timer:
                SetTimer(timer.Timer, timer.After);
                break;
            case Effect.RequestProposal request:
                execution.Propose(request.Request);
                break;
            case Effect.ValidateBlock validate:
                recent.Add(validate.Block);
                execution.Validate(validate.Block, validate.IsVouched);
                break;
            case Effect.FetchBlock fetch:
                sync.FetchBlock(fetch.Hash, fetch.Height);
                break;
            case Effect.CatchUp catchUp:
                sync.CatchUp(catchUp.Target, catchUp.From);
                break;
            case Effect.Note note:
                OnNotice(note.Notice);
                break;
            default:
                break;
        }
    }

    /// <summary>One timer of a kind runs at a time: a new setting makes the old one stale.</summary>
    private void SetTimer(EngineTimer timer, TimeSpan after)
    {
        if (_timers.Remove(timer.Kind, out var old))
        {
            old.Dispose();
        }

        _timers[timer.Kind] = clock.CreateTimer(
            _ => loop.Post(new Input.TimerFired(timer)), null, after, Timeout.InfiniteTimeSpan);
    }

    private void OnNotice(Notice notice)
    {
        metrics.Noticed(notice);
        switch (notice)
        {
            case Notice.LeftView left:
                LogLeftView(logger, left.From, left.To, left.Reason);
                break;
            case Notice.EnteredView entered:
                execution.OnViewEntered();
                LogEnteredView(logger, entered.View, entered.Primary, entered.Base);
                break;
            case Notice.InvalidProposal invalid:
                LogInvalidProposal(logger, invalid.Subject, invalid.Fault);
                break;
            case Notice.Equivocation evidence:
                LogEquivocation(logger, evidence.Validator, evidence.Kind, evidence.First, evidence.Second);
                break;
            default:
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "Leaves view {From} for view {To}: {Reason}")]
    private static partial void LogLeftView(ILogger logger, View from, View to, LeaveReason reason);

    [LoggerMessage(LogLevel.Information, "Entered view {View}; its primary is validator {Primary}, its base {Base}")]
    private static partial void LogEnteredView(ILogger logger, View view, ValidatorIndex primary, Subject @base);

    [LoggerMessage(LogLevel.Warning, "The proposal {Subject} is not valid: {Fault}")]
    private static partial void LogInvalidProposal(ILogger logger, Subject subject, string fault);

    [LoggerMessage(LogLevel.Error, "Validator {Validator} signed two different {Kind}s: '{First}' and '{Second}'")]
    private static partial void LogEquivocation(
        ILogger logger, ValidatorIndex validator, string kind, Verified first, Verified second);
}
