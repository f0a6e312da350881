using Ledger.Consensus;

namespace Ledger.Simulation;

/// <summary>What an engine was told and what it noticed, in a line.</summary>
internal static class Words
{
    public static string Of(Input input) => input switch
    {
        Input.TimerFired { Timer: var timer }
            => $"the {timer.Kind.ToString().ToLowerInvariant()} timer of v{timer.View} runs out",
        Input.Proposed proposed => $"{proposed.Block} is packed for v{proposed.Request.View}",
        Input.Judged { Fault: null } judged => $"{judged.Block.ToShortString()} is valid",
        Input.Judged judged => $"{judged.Block.ToShortString()} is invalid: {judged.Fault}",
        Input.Fetched fetched => $"{fetched.Block} is fetched",
        Input.Synced { Segment.Blocks: var blocks }
            => $"{blocks.Count} certified blocks up to {blocks[^1]} are fetched",
        Input.WorkPending work => work.Any ? "work waits" : "no work waits",
        Input.RequestOverdue overdue => $"a transaction was left out for too long in v{overdue.View}",
        Input.ReadRequested read => $"read {read.Id} is asked for",
        Input.TransferRequested transfer
            => transfer.To is { } to ? $"shall hand over to R{to}" : "shall hand over",
        _ => input.ToString(),
    };

    public static string Of(Notice notice) => notice switch
    {
        Notice.LeftView left
            => $"leaves v{left.From} for v{left.To}: {left.Reason.ToString().ToLowerInvariant()}",
        Notice.EnteredView entered => $"enters v{entered.View} of R{entered.Primary} on {entered.Base}",
        Notice.InvalidProposal invalid => $"finds {invalid.Subject} invalid: {invalid.Fault}",
        Notice.Equivocation lie
            => $"holds evidence against R{lie.Validator}: {lie.First.Message} and {lie.Second.Message}",
        Notice.PhaseReached reached => $"{reached.Phase.ToString().ToLowerInvariant()} {reached.Subject}",
        _ => notice.ToString(),
    };
}
