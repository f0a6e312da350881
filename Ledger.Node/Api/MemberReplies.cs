using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Node.Consensus;

namespace Ledger.Node.Api;

/// <summary>
/// The members for people: whom the ledger names, and how far the log has come with it. A block that changes
/// the voters is final a moment before the change is over; meanwhile those who leave are shown too.
/// </summary>
internal static class MemberReplies
{
    public static ValidatorReply[] Of(ValidatorDirectory directory, MembersView? members)
    {
        var (history, seated, voters) = (directory.History, directory.Seated, directory.Validators);
        var latest = members?.Latest;
        var isSettled = members is null
            || (members.Latest.Equals(members.Committed) && latest!.Voters.SequenceEqual(voters.Indices));
        return
        [
            .. Enumerable.Range(0, history.Seats).Select(i => new ValidatorIndex(i)).Where(
                seat => seated.Contains(seat) || (!isSettled && latest!.IsMember(seat))).Select(seat =>
                {
                    var validator = history.Find(seat)!;
                    return new ValidatorReply(
                        seat.Value, validator.Name, validator.PublicKey.ToString(),
                        validator.Address.Length == 0 ? null : validator.Address,
                        ValidatorDirectory.RoleOf(history, seat),
                        isSettled || history.Learns(seat)
                        ? Rest(history, seat) : PhaseOf(seat, voters, latest!));
                }),
        ];
    }

    private static string Rest(ValidatorHistory history, ValidatorIndex seat)
        => history.Learns(seat) ? ValidatorReply.Learning : ValidatorReply.Settled;

    private static string PhaseOf(ValidatorIndex seat, ValidatorSet voters, RaftConfiguration latest)
    {
        var before = latest.IsJoint ? latest.Outgoing.Contains(seat) : latest.Voters.Contains(seat);
        return (before, voters.Contains(seat)) switch
        {
            (false, true) => "joining",
            (true, false) => "leaving",
            _ => "changing",
        };
    }
}
