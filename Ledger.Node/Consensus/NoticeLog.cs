using Ledger.Consensus;
using Ledger.Core;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>What an engine notices, in words: it knows seats, an operator knows names.</summary>
internal static partial class NoticeLog
{
    public static void Write(ILogger logger, Notice notice, ValidatorDirectory directory)
    {
        switch (notice)
        {
            case Notice.LeftView left:
                LeftView(logger, left.From, left.To, left.Reason);
                break;
            case Notice.EnteredView entered:
                EnteredView(logger, entered.View, directory.NameOf(entered.Primary), entered.Base);
                break;
            case Notice.InvalidProposal invalid:
                InvalidProposal(logger, invalid.Subject, invalid.Fault);
                break;
            case Notice.Equivocation evidence:
                Equivocation(
                    logger, directory.NameOf(evidence.Validator), evidence.Kind, evidence.First.Message,
                    evidence.Second.Message);
                break;
            case Notice.ValidatorsChanged changed:
                ValidatorsChanged(
                    logger, changed.Epoch.Start.Height, changed.Epoch.Number, changed.Epoch.Validators.Count,
                    string.Join(", ", changed.Epoch.Validators.Members.Select(member => member.Name)),
                    changed.IsMember ? "is one of them" : "is none of them");
                break;
            case Notice.MembersChanged members:
                MembersChanged(
                    logger, JournalWords.Of(members.Configuration, directory.NameOf), members.Phase);
                break;
            case Notice.Removed:
                Removed(logger);
                break;
            case Notice.LeaderChanged { Leader: { } leader } changed:
                Follows(logger, directory.NameOf(leader), changed.Term);
                break;
            case Notice.LeaderChanged changed:
                KnowsNoLeader(logger, changed.Term);
                break;
            case Notice.SteppedDown stepped:
                SteppedDown(logger, stepped.Term, stepped.Reason);
                break;
            case Notice.TransferEnded { Reason: { } reason }:
                NotTransferred(logger, reason);
                break;
            case Notice.LogRefused refused:
                LogRefused(logger, directory.NameOf(refused.From), refused.Reason);
                break;
            default:
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "Leaves view {From} for view {To}: {Reason}")]
    private static partial void LeftView(ILogger logger, View from, View to, LeaveReason reason);

    [LoggerMessage(
        LogLevel.Information, "Entered view {View}; its primary is {Primary}, its base {Base}")]
    private static partial void EnteredView(ILogger logger, View view, string primary, Subject @base);

    [LoggerMessage(
        LogLevel.Information,
        "After block {Height} epoch {Epoch} begins with {Count} validators: {Names}; this node {Role}")]
    private static partial void ValidatorsChanged(
        ILogger logger, Height height, ulong epoch, int count, string names, string role);

    [LoggerMessage(LogLevel.Information, "The log now names {Members} ({Phase})")]
    private static partial void MembersChanged(
        ILogger logger, string members, Ledger.Consensus.Raft.MembershipPhase phase);

    [LoggerMessage(
        LogLevel.Warning, "This validator was removed from the set: it votes no more and will not lead")]
    private static partial void Removed(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "The proposal {Subject} is not valid: {Fault}")]
    private static partial void InvalidProposal(ILogger logger, Subject subject, string fault);

    [LoggerMessage(
        LogLevel.Error, "{Validator} signed two different {Kind}s: '{First}' and '{Second}'")]
    private static partial void Equivocation(
        ILogger logger, string validator, string kind, Message first, Message second);

    [LoggerMessage(LogLevel.Information, "{Leader} leads in term {Term}")]
    private static partial void Follows(ILogger logger, string leader, View term);

    [LoggerMessage(LogLevel.Information, "Knows no leader in term {Term}")]
    private static partial void KnowsNoLeader(ILogger logger, View term);

    [LoggerMessage(LogLevel.Information, "Leads no more in term {Term}: {Reason}")]
    private static partial void SteppedDown(ILogger logger, View term, string reason);

    [LoggerMessage(LogLevel.Information, "Leadership was not handed over: {Reason}")]
    private static partial void NotTransferred(ILogger logger, string reason);

    [LoggerMessage(
        LogLevel.Error, "What the leader, {From}, says contradicts this validator's log: {Reason}")]
    private static partial void LogRefused(ILogger logger, string from, string reason);
}
