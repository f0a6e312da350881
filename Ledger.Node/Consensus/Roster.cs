using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// Whom this node connects to: everyone whom the ledger gives a seat and, in Raft, everyone whom a change of
/// members lets go but still needs. The executor tells it of the ledger, the consensus loop of the log.
/// </summary>
internal sealed class Roster(ValidatorDirectory directory, Action<ValidatorSet> follow)
{
    private readonly Lock _lock = new();
    private MembersView? _members;

    public void OnLedger()
    {
        lock (_lock)
        {
            follow(Now());
        }
    }

    public void OnLog(MembersView members)
    {
        lock (_lock)
        {
            _members = members;
            follow(Now());
        }
    }

    private ValidatorSet Now()
    {
        var (history, seated) = (directory.History, directory.Seated);
        Validator?[] seats = [.. Enumerable.Range(0, history.Seats).Select(i => new ValidatorIndex(i)).Select(
            seat => seated.Contains(seat) || IsNeeded(seat) ? history.Find(seat) : null)];
        return seats.Count(seat => seat is not null) == seated.Count ? seated : seated.With(seats);
    }

    private bool IsNeeded(ValidatorIndex seat)
        => _members is { } members && (members.Latest.IsMember(seat) || members.Committed.IsMember(seat));
}
