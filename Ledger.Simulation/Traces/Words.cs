using Ledger.Consensus;

namespace Ledger.Simulation;

/// <summary>What an engine noticed, in a line.</summary>
internal static class Words
{
    public static string Of(Notice notice) => notice switch
    {
        Notice.LeftView left => $"leaves v{left.From} for v{left.To}: {left.Reason.ToString().ToLowerInvariant()}",
        Notice.EnteredView entered => $"enters v{entered.View} of R{entered.Primary} on {entered.Base}",
        Notice.InvalidProposal invalid => $"finds {invalid.Subject} invalid: {invalid.Fault}",
        Notice.Equivocation lie
            => $"holds evidence against R{lie.Validator}: {lie.First.Message} and {lie.Second.Message}",
        Notice.PhaseReached reached => $"{reached.Phase.ToString().ToLowerInvariant()} {reached.Subject}",
        _ => notice.ToString(),
    };
}
