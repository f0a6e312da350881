using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// PBFT: what a quorum of the others commits, without us and heard live, bounds what we can have signed before. Of a first
/// such commit, at h, a correct signer had not made h final when it spoke, and had committed to whatever was final anywhere
/// before our start: so nobody had signed anything at or above h + 2 windows. A second one, at (u, g) with g at least that
/// high, was therefore signed after our start, by replicas in view u, of which one is in any quorum that had asked for a view
/// before: so we have asked for no view above u + 1. And it is in every later base, whatever we once reported. Then we ask
/// for view u + 2, which S3 makes binding: no vote in any view that we may have left. Both commits are of one epoch, since
/// quorums of different sets need not meet: with each change of validators it begins anew.
/// </summary>
internal sealed class PbftSilence(ValidatorDirectory directory) : ISilence
{
    /// <summary>The widest window that any validator may be configured with.</summary>
    private const ulong WindowMax = 64;

    /// <summary>Commits under way that are counted; windows are far narrower.</summary>
    private const int SubjectsMax = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<Subject, HashSet<ValidatorIndex>> _commits = [];
    private readonly Queue<Subject> _order = new();
    private Epoch _epoch = directory.Epoch;
    private Height? _first;
    private Subject? _last;

    public void Heard(Verified message)
    {
        if (message.Message is not Commit commit || message.From == directory.Self)
        {
            return;
        }

        lock (_lock)
        {
            FollowEpoch();
            var subject = commit.Subject;
            if (subject.View.Epoch != _epoch.Number)
            {
                return;
            }

            if (!_commits.TryGetValue(subject, out var signers))
            {
                _commits[subject] = signers = [];
                _order.Enqueue(subject);
                if (_order.Count > SubjectsMax)
                {
                    _commits.Remove(_order.Dequeue());
                }
            }

            signers.Add(message.From);
            if (signers.Count < _epoch.Validators.Quorums.Quorum)
            {
                return;
            }

            _first ??= subject.Height;
            if (_last is not { } last || subject.Height > last.Height)
            {
                _last = subject;
            }
        }
    }

    public void PeerIsIn(ValidatorIndex peer, View view)
    {
        // A peer's word alone proves nothing here.
    }

    public IReadOnlyList<JournalRecord>? MayEnd(Height head, ConsensusPosition position)
    {
        lock (_lock)
        {
            FollowEpoch();
            return _first is { } first && _last is { } last && last.Height.Value >= first.Value + (2 * WindowMax)
                && head >= last.Height
                ? [new LeftFor(new(last.View.Value + 2), _epoch.StartCertificate)]
                : null;
        }
    }

    public string WaitsFor()
    {
        lock (_lock)
        {
            return _first is { } first
                ? $"the others to commit height {first.Value + (2 * WindowMax)}"
                : "the others to commit a block";
        }
    }

    private void FollowEpoch()
    {
        var epoch = directory.Epoch;
        if (epoch.Number != _epoch.Number)
        {
            _epoch = epoch;
            _first = null;
            _last = null;
            _commits.Clear();
            _order.Clear();
        }
    }
}
