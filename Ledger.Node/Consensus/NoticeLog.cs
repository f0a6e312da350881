using Ledger.Consensus;
using Ledger.Core;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Consensus;

/// <summary>What an engine notices, in words.</summary>
internal static partial class NoticeLog
{
    public static void Write(ILogger logger, Notice notice)
    {
        switch (notice)
        {
            case Notice.LeftView left:
                LeftView(logger, left.From, left.To, left.Reason);
                break;
            case Notice.EnteredView entered:
                EnteredView(logger, entered.View, entered.Primary, entered.Base);
                break;
            case Notice.InvalidProposal invalid:
                InvalidProposal(logger, invalid.Subject, invalid.Fault);
                break;
            case Notice.Equivocation evidence:
                Equivocation(logger, evidence.Validator, evidence.Kind, evidence.First, evidence.Second);
                break;
            case Notice.ValidatorsChanged changed:
                ValidatorsChanged(
                    logger, changed.Epoch.Start.Height, changed.Epoch.Number, changed.Epoch.Validators.Count,
                    string.Join(", ", changed.Epoch.Validators.Members.Select(member => member.Name)),
                    changed.IsMember ? "is one of them" : "is none of them");
                break;
            case Notice.MembersChanged members:
                MembersChanged(logger, members.Configuration, members.Phase);
                break;
            case Notice.Removed:
                Removed(logger);
                break;
            case Notice.LeaderChanged { Leader: { } leader } changed:
                Follows(logger, leader, changed.Term);
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
                LogRefused(logger, refused.From, refused.Reason);
                break;
            default:
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "Leaves view {From} for view {To}: {Reason}")]
    private static partial void LeftView(ILogger logger, View from, View to, LeaveReason reason);

    [LoggerMessage(
        LogLevel.Information, "Entered view {View}; its primary is validator {Primary}, its base {Base}")]
    private static partial void EnteredView(ILogger logger, View view, ValidatorIndex primary, Subject @base);

    [LoggerMessage(
        LogLevel.Information,
        "After block {Height} epoch {Epoch} begins with {Count} validators: {Names}; this node {Role}")]
    private static partial void ValidatorsChanged(
        ILogger logger, Height height, ulong epoch, int count, string names, string role);

    [LoggerMessage(LogLevel.Information, "The log's members are {Members} ({Phase})")]
    private static partial void MembersChanged(
        ILogger logger, Ledger.Consensus.Raft.RaftConfiguration members,
        Ledger.Consensus.Raft.MembershipPhase phase);

    [LoggerMessage(
        LogLevel.Warning, "This validator was removed from the set: it votes no more and will not lead")]
    private static partial void Removed(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "The proposal {Subject} is not valid: {Fault}")]
    private static partial void InvalidProposal(ILogger logger, Subject subject, string fault);

    [LoggerMessage(
        LogLevel.Error, "Validator {Validator} signed two different {Kind}s: '{First}' and '{Second}'")]
    private static partial void Equivocation(
        ILogger logger, ValidatorIndex validator, string kind, Verified first, Verified second);

    [LoggerMessage(LogLevel.Information, "Validator {Leader} leads in term {Term}")]
    private static partial void Follows(ILogger logger, ValidatorIndex leader, View term);

    [LoggerMessage(LogLevel.Information, "Knows no leader in term {Term}")]
    private static partial void KnowsNoLeader(ILogger logger, View term);

    [LoggerMessage(LogLevel.Information, "Leads no more in term {Term}: {Reason}")]
    private static partial void SteppedDown(ILogger logger, View term, string reason);

    [LoggerMessage(LogLevel.Information, "Leadership was not handed over: {Reason}")]
    private static partial void NotTransferred(ILogger logger, string reason);

    [LoggerMessage(
        LogLevel.Error, "What the leader, validator {From}, says contradicts this validator's log: {Reason}")]
    private static partial void LogRefused(ILogger logger, ValidatorIndex from, string reason);
}
