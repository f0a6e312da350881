using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// Raft: once every other member has said which term it is in now, no vote or acknowledgement of ours that
/// anybody has can be of a later one. A leader of a later term than all of these was elected after we fell
/// silent, counts nothing that we once acknowledged, and has all that is committed. From its term on we may
/// acknowledge; and elect, once our log has come as far as its first entry: what we had acknowledged others
/// may count on, and its log holds that.
/// </summary>
internal sealed class RaftSilence(ValidatorDirectory directory) : ISilence
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ValidatorIndex, View> _terms = [];

    /// <summary>
    /// The highest block that anyone had when it answered: once it is final here, all who were members before
    /// our start, and may hold what we said, are known and asked.
    /// </summary>
    private Height _known = Height.Genesis;

    private IReadOnlyList<ValidatorIndex> Others
        => [.. directory.Seated.Indices.Where(seat => seat != directory.Self)];

    public void Heard(Verified message)
    {
        // Terms are asked for: a follower does not speak to us by itself.
    }

    public void PeerIsIn(ValidatorIndex peer, View view, Height head)
    {
        lock (_lock)
        {
            if (_terms.TryAdd(peer, view) && head > _known)
            {
                _known = head;
            }
        }
    }

    public IReadOnlyList<JournalRecord>? MayEnd(Height head, ConsensusPosition position)
    {
        lock (_lock)
        {
            return Missing == 0 && _terms.Count > 0 && head >= _known
                && position.Primary is { } leader && leader != directory.Self
                && position.View > _terms.Values.Max()
                ? [new TermEntered(new(position.View.Value), leader), new LogLost(new(position.View.Value))]
                : null;
        }
    }

    public string WaitsFor()
    {
        lock (_lock)
        {
            return Missing > 0
                ? $"{Missing} more members to say which term they are in"
                : $"a leader of a term after {_terms.Values.Max()}, with block {_known} final here";
        }
    }

    private int Missing => Others.Count(other => !_terms.ContainsKey(other));
}
