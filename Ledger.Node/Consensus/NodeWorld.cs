using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Offences;
using Ledger.Node.Sync;
using Ledger.Node.Tracing;
using Ledger.Node.Transport;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>
/// What the replica speaks into: messages go to the transport's queues, requests to whoever answers them.
/// Runs on the consensus loop's thread and never waits.
/// </summary>
internal sealed class NodeWorld(
    IConsensusProtocol protocol,
    ValidatorDirectory directory,
    ConsensusLoop loop,
    PeerNetwork network,
    BlockSync sync,
    ExecutionService execution,
    RecentBlocks recent,
    EvidenceService witness,
    LinearizableReads reads,
    LeadershipTransfer transfer,
    MemberChanges members,
    Action<ValidatorIndex?> led,
    TimeProvider clock,
    ConsensusMetrics metrics,
    ConsensusDiary diary,
    ILogger<NodeWorld> logger) : IWorld
{
    private readonly Dictionary<TimerKind, ITimer> _timers = [];

    public BlockTraces Traces { get; init; } = BlockTraces.Off;

    public void Send(Envelope envelope, Recipients to)
        => network.Send(FrameKind.Consensus, protocol.Encode(envelope), to.Only);

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
            case Effect.InstallSnapshot install:
                sync.BringTo(install.Height, install.From);
                break;
            case Effect.ReadReady ready:
                reads.OnReady(ready.Id, ready.Height);
                break;
            case Effect.ReadRefused refused:
                reads.OnRefused(refused.Id, refused.Reason.Say(directory.NameOf));
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
            _ => loop.Post(new Input.TimerFired(timer, clock.GetElapsedTime(0))), null, after,
            Timeout.InfiniteTimeSpan);
    }

    private void OnNotice(Notice notice)
    {
        metrics.Noticed(notice);
        diary.Noticed(notice);
        Traces.Noticed(notice);
        NoticeLog.Write(logger, notice, directory);
        switch (notice)
        {
            case Notice.EnteredView entered:
                recent.Build(entered.Base);
                execution.OnViewEntered();
                break;
            case Notice.PhaseReached { Phase: Phase.Prepared, Subject: var prepared }:
                recent.Prepared(prepared);
                break;
            case Notice.Equivocation equivocation:
                witness.OnNotice(equivocation);
                break;
            case Notice.LeaderChanged changed:
                execution.OnViewEntered();
                led(changed.Leader);
                break;
            case Notice.TransferEnded ended:
                transfer.OnEnded(ended);
                break;
            case Notice.MembersAnswered answered:
                members.OnAnswered(answered);
                break;
            case Notice.ProposalDropped:
                execution.OnProposalDropped();
                break;
            default:
                break;
        }
    }
}
