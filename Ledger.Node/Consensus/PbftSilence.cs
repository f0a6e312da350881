using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// PBFT: what others commit, without us and heard live, bounds what we can have signed before. A correct
/// validator that is heard committing to height h had not made h final when it spoke, so before our start it
/// had committed to nothing at or above h + 1 window. Once so many of the present set were heard at or below
/// h that no quorum of it can do without a correct one of them, nothing of this epoch at or above h + 1
/// window was final before our start; and once the chain has come that far in this epoch, nothing above was
/// either, in any epoch, and nobody had signed anything 1 window higher. A quorum's commit at (u, g) with g
/// at least that high was therefore signed after our start, by replicas in view u, of which one is in any
/// quorum that had asked for a view before: so we have asked for no view of this epoch above u + 1. And it is
/// in every later base, whatever we once reported. Then we ask for view u + 2, which S3 makes binding: no
/// vote in any view that we may have left. Who was heard counts as long as it has its seat, however often the
/// others change (decision 46).
/// </summary>
internal sealed class PbftSilence(ValidatorDirectory directory) : ISilence
{
    /// <summary>The widest window that any validator may be configured with.</summary>
    private const ulong WindowMax = 64;

    /// <summary>Commits under way that are counted; windows are far narrower.</summary>
    private const int SubjectsMax = 1024;

    private readonly Lock _lock = new();

    /// <summary>
    /// The lowest height that each of the others was heard committing to. Seats are for ever, so this
    /// outlasts epochs.
    /// </summary>
    private readonly Dictionary<ValidatorIndex, Height> _lowest = [];
    private readonly Dictionary<Subject, HashSet<ValidatorIndex>> _commits = [];
    private readonly Queue<Subject> _order = new();
    private Epoch _epoch = directory.Epoch;
    private Subject? _last;

    /// <summary>
    /// Nobody had signed anything at or above it before our start; once shown, it stays so.
    /// </summary>
    private Height? _bound;

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

            if (!_lowest.TryGetValue(message.From, out var lowest) || subject.Height < lowest)
            {
                _lowest[message.From] = subject.Height;
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
            if (signers.Count >= _epoch.Validators.Quorums.Quorum
                && (_last is not { } last || subject.Height > last.Height))
            {
                _last = subject;
            }
        }
    }

    public void PeerIsIn(ValidatorIndex peer, View view, Height head)
    {
        // A peer's word alone proves nothing here.
    }

    public IReadOnlyList<JournalRecord>? MayEnd(Height head, ConsensusPosition position)
    {
        lock (_lock)
        {
            FollowEpoch();
            Bind(head);
            return _bound is { } bound && _last is { } last && last.Height >= bound && head >= last.Height
                ? [new LeftFor(new(last.View.Value + 2), _epoch.StartCertificate)]
                : null;
        }
    }

    public string WaitsFor()
    {
        lock (_lock)
        {
            FollowEpoch();
            return (_bound ?? (Reach() is { } reach ? new(reach.Value + WindowMax) : null)) is { } bound
                ? $"the others to commit height {bound}"
                : "the others to commit a block";
        }
    }

    /// <summary>
    /// No block of this epoch at or above it was final before our start; null while too few were heard. Every
    /// quorum of the set meets the others that were heard in more than may be faulty.
    /// </summary>
    private Height? Reach()
    {
        var quorums = _epoch.Validators.Quorums;
        var needed = quorums.ValidatorCount - quorums.Quorum + quorums.OneCorrect;
        Height[] heard =
        [
            .. _lowest.Where(spoke => _epoch.Validators.Contains(spoke.Key)).Select(spoke => spoke.Value)
                .Order(),
        ];
        return heard.Length < needed
            ? null
            : new(Math.Max(heard[needed - 1].Value + WindowMax, _epoch.Start.Height.Next.Value));
    }

    /// <param name="head">A final block of the present epoch.</param>
    private void Bind(Height head)
    {
        if (Reach() is { } reach && head >= reach
            && (_bound is not { } held || reach.Value + WindowMax < held.Value))
        {
            _bound = new(reach.Value + WindowMax);
        }
    }

    private void FollowEpoch()
    {
        var epoch = directory.Epoch;
        if (epoch.Number != _epoch.Number)
        {
            if (epoch.Number == _epoch.Number + 1)
            {
                // It ended with the block that the next one stands on.
                Bind(epoch.Start.Height);
            }

            _epoch = epoch;
            _last = null;
            _commits.Clear();
            _order.Clear();
        }
    }
}
