using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// Raft: once every other member has said which term it is in now, no vote or acknowledgement of ours that anybody has can
/// be of a later one. A leader of a later term than all of these was elected after we fell silent, counts nothing that we
/// once acknowledged, and has all that is committed. From its term on we may vote and acknowledge.
/// </summary>
internal sealed class RaftSilence(Genesis genesis, ValidatorIndex self) : ISilence
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ValidatorIndex, View> _terms = [];

    public void Heard(Verified message)
    {
        // Terms are asked for: a follower does not speak to us by itself.
    }

    public void PeerIsIn(ValidatorIndex peer, View view)
    {
        lock (_lock)
        {
            _terms.TryAdd(peer, view);
        }
    }

    public IReadOnlyList<JournalRecord>? MayEnd(Height head, ConsensusPosition position)
    {
        lock (_lock)
        {
            return _terms.Count == genesis.Validators.Count - 1 && _terms.Count > 0
                && position.Primary is { } leader && leader != self && position.View > _terms.Values.Max()
                ? [new TermEntered(new(position.View.Value), leader)]
                : null;
        }
    }

    public string WaitsFor()
    {
        lock (_lock)
        {
            var missing = genesis.Validators.Count - 1 - _terms.Count;
            return missing > 0
                ? $"{missing} more members to say which term they are in"
                : $"a leader of a term after {_terms.Values.Max()}";
        }
    }
}
