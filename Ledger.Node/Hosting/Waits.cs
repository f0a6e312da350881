using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Consensus;

namespace Ledger.Node.Hosting;

/// <summary>What a validator waits for, in one word that programs may rely on.</summary>
internal static class Waits
{
    public const string Nothing = "nothing";
    public const string Peers = "peers";
    public const string Leader = "leader";
    public const string NewView = "new-view";
    public const string Proposal = "proposal";
    public const string Prepares = "prepares";
    public const string Commits = "commits";

    /// <param name="mode">PBFT's phases are not Raft's.</param>
    /// <param name="hasQuorum">Whether enough validators are connected at all.</param>
    /// <param name="position">Where the engine stands.</param>
    /// <param name="phase">The last phase it promised in this view.</param>
    /// <param name="waiting">Transactions that wait here: without any, nothing is missed.</param>
    public static string For(
        ConsensusMode mode, bool hasQuorum, ConsensusPosition position, (Phase Phase, Height Height)? phase,
        int waiting)
    {
        if (!hasQuorum)
        {
            return Peers;
        }

        if (mode == ConsensusMode.Raft)
        {
            return position.Primary is null ? Leader
                : waiting == 0 ? Nothing
                : position.IsPrimary ? Commits
                : Proposal;
        }

        if (!position.Entered)
        {
            return NewView;
        }

        return phase is { } reached && reached.Height > position.Committed
            ? reached.Phase == Phase.Proposed ? Prepares : Commits
            : waiting == 0 ? Nothing
            : Proposal;
    }
}
