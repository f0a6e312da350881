using System.Diagnostics.CodeAnalysis;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// S1. In one view and at one height a correct replica prepares at most one block.
/// S2. It prepares only above its view's base, and only what extends the base: on the base itself, on the
///     block it prepared one lower in this view, or on a final block that is the base or descends from it.
/// S3. It votes only in the view it has entered, and no longer once it has asked to leave it.
/// S4. It asks for a view once, with one report: the highest certificate it knew when it left.
/// S5. It enters a view only by a NEW-VIEW, at or above every view it has asked for, and takes the base it
///     names; an epoch's first view opens with the epoch.
/// S6. It prepares only blocks that its epoch's validators certify: nothing stands on a block that changes
///     them before that one is final. So no certified block stands on it either, and as a base it alone may
///     be prepared again.
/// A committed block is certified at a quorum; every timeout certificate's quorum meets that quorum in a
/// correct replica, and by S3 that replica's report was its last word, so every later base is that block or
/// extends it (FC '22, section 3). State changes only through <see cref="Apply"/>, live and in recovery, so
/// what is acted on is what was persisted.
/// </summary>
internal sealed class Safety
{
    /// <summary>
    /// Votes of older views are kept beside the current one: a block among them may be certified, and become
    /// a base, without this replica knowing. Only this many views of one height, the latest, are.
    /// </summary>
    private const int ViewsKept = 16;

    private readonly FinalChain _final;
    private readonly SortedDictionary<Height, List<Accepted>> _accepted = [];
    private Epoch _epoch;

    public Safety(FinalChain final, Epoch epoch)
    {
        _final = final;
        Begin(epoch);
    }

    /// <summary>The view this replica is in, or has asked for.</summary>
    public View View { get; private set; }

    /// <summary>False from asking for <see cref="View"/> until its NEW-VIEW.</summary>
    public bool HasEntered { get; private set; }

    /// <summary>The block that all proposals of the entered view extend.</summary>
    public Subject Base { get; private set; }

    /// <summary>
    /// True once the base is known to be committed: then every final block above it descends from it.
    /// </summary>
    public bool BaseIsFinal { get; private set; }

    /// <summary>The highest prepared certificate this replica knows, by (view, height).</summary>
    public QuorumCertificate Highest { get; private set; }

    /// <summary>What was reported when the current view was asked for; null once it is entered.</summary>
    public LeftFor? Leaving { get; private set; }

    /// <summary>The NEW-VIEW that opened the current view; null in view 0 and while leaving.</summary>
    public Entered? Entry { get; private set; }

    /// <summary>
    /// The blocks prepared by this replica above the final head, in all views kept, ascending by height.
    /// </summary>
    public IEnumerable<Accepted> AllAccepted => _accepted.Values.SelectMany(views => views);

    /// <summary>The block this replica has prepared at a height in its current view, if any.</summary>
    public Accepted? AcceptedAt(Height height)
        => _accepted.TryGetValue(height, out var views) && views[^1].View == View ? views[^1] : null;

    /// <summary>
    /// The highest block this replica has prepared in its current view, if any above the final head.
    /// </summary>
    public Accepted? HighestAccepted
        => _accepted.Values.LastOrDefault(views => views[^1].View == View) is { } views ? views[^1] : null;

    public bool VotesIn(View view) => HasEntered && view == View;

    /// <summary>
    /// Starts an epoch in its first view, which nobody opens and no record is needed for: the block that it
    /// begins on is in the ledger. Whatever was voted for in the epoch before can no longer be asked for.
    /// </summary>
    [MemberNotNull(nameof(_epoch), nameof(Highest))]
    public void Begin(Epoch epoch)
    {
        _epoch = epoch;
        _accepted.Clear();
        View = epoch.Start.View;
        HasEntered = true;
        Base = epoch.Start;
        BaseIsFinal = true;
        Highest = epoch.StartCertificate;
        Leaving = null;
        Entry = null;
    }

    /// <returns>The record the PREPARE rests on, or null when saying it would be unsafe.</returns>
    public Accepted? MayPrepare(View view, Block block)
    {
        if (!VotesIn(view))
        {
            return null;
        }

        if (AcceptedAt(block.Height) is not null)
        {
            return null;
        }

        if (block.Header.ValidatorsHash != _epoch.Validators.Hash)
        {
            return null;
        }

        if (MayPrepareAgain(block))
        {
            return Apply(new Accepted(view, block));
        }

        if (block.Height <= Base.Height || !MayBeParent(block.Parent, block.Height))
        {
            return null;
        }

        return Apply(new Accepted(view, block));
    }

    /// <summary>S6's second half: a base that no descendant can make final.</summary>
    public bool MayPrepareAgain(Block block)
        => block.Header.EndsEpoch && block.Hash == Base.Block && !BaseIsFinal;

    /// <summary>
    /// S2's second half: whether a block at <paramref name="height"/> may stand on this parent.
    /// </summary>
    public bool MayBeParent(Digest parent, Height height)
    {
        var below = height.Previous;
        if (below == Base.Height && parent == Base.Block)
        {
            return true;
        }

        if (AcceptedAt(below) is { } voted && voted.Block.Hash == parent)
        {
            return true;
        }

        return BaseIsFinal && below >= Base.Height && _final.Holds(below, parent);
    }

    /// <summary>
    /// S3 again: a certificate completed after our VIEW-CHANGE is one our report did not name.
    /// </summary>
    /// <returns>The record the COMMIT rests on, or null.</returns>
    public Certified? MayCommit(QuorumCertificate certificate)
        => VotesIn(certificate.Subject.View) ? Apply(new Certified(certificate)) : null;

    /// <summary>
    /// A higher certificate than the highest known is kept for the next report, without a vote.
    /// </summary>
    /// <returns>The record to persist, or null when it is not higher.</returns>
    public Certified? MayLearn(QuorumCertificate certificate)
        => certificate.Subject.Outranks(Highest.Subject) ? Apply(new Certified(certificate)) : null;

    /// <returns>The record the VIEW-CHANGE rests on, or null when that view is not above ours (S4).</returns>
    public LeftFor? MayLeave(View target)
        => target > View ? Apply(new LeftFor(target, Highest)) : null;

    /// <returns>The record the view rests on, or null when it lies below what we have asked for
    /// (S5).</returns>
    public Entered? MayEnter(NewView newView, Signature? signature)
        => newView.View > View || (newView.View == View && !HasEntered)
            ? Apply(new Entered(newView, signature))
            : null;

    /// <param name="committed">
    /// What was committed last: all that this view prepares at or above its base is the base or descends from
    /// it (S2, S6), however far below the base lies by now.
    /// </param>
    /// <returns>The record that remembers that the base is final, or null when it is not, or was known to
    /// be.</returns>
    public BaseFinal? MaySettleBase(Subject? committed)
        => !BaseIsFinal && (_final.Holds(Base.Height, Base.Block)
            || (committed is { } last && VotesIn(last.View) && last.Height >= Base.Height))
            ? Apply(new BaseFinal(View))
            : null;

    /// <summary>The only writer of this state.</summary>
    public TRecord Apply<TRecord>(TRecord record)
        where TRecord : JournalRecord
    {
        switch (record)
        {
            case Accepted accepted when accepted.Block.Height > _final.Height:
                Keep(accepted);
                break;
            case Certified certified:
                Raise(certified.Certificate);
                break;
            case LeftFor left:
                View = left.Target;
                HasEntered = false;
                Leaving = left;
                Entry = null;
                Raise(left.Report);
                break;
            case Entered entered:
                View = entered.View;
                HasEntered = true;
                Leaving = null;
                Entry = entered;
                Base = entered.NewView.Base.Subject;
                BaseIsFinal = Base == _epoch.Start;
                Raise(entered.NewView.Base);
                break;
            case BaseFinal settled when settled.View == View:
                BaseIsFinal = true;
                break;
            default:
                break;
        }

        return record;
    }

    /// <summary>Votes at or below the final head can no longer be asked for.</summary>
    public void ForgetFinal()
    {
        while (_accepted.Count > 0)
        {
            var lowest = _accepted.First().Key;
            if (lowest > _final.Height)
            {
                return;
            }

            _accepted.Remove(lowest);
        }
    }

    /// <summary>
    /// The fewest records that rebuild this state: what the journal holds after compaction.
    /// </summary>
    public IEnumerable<JournalRecord> Compacted()
    {
        yield return new Certified(Highest);
        if (Leaving is not null)
        {
            yield return Leaving;
        }
        else if (Entry is not null)
        {
            yield return Entry;
            if (BaseIsFinal)
            {
                yield return new BaseFinal(View);
            }
        }

        foreach (var accepted in AllAccepted)
        {
            yield return accepted;
        }
    }

    private void Keep(Accepted accepted)
    {
        if (!_accepted.TryGetValue(accepted.Block.Height, out var views))
        {
            _accepted[accepted.Block.Height] = views = [];
        }

        if (views.Count > 0 && views[^1].View == accepted.View)
        {
            Invariant.Holds(views[^1].Block.Hash == accepted.Block.Hash, "S1: one block per view and height");
            return;
        }

        views.Add(accepted);
        if (views.Count > ViewsKept)
        {
            views.RemoveAt(0);
        }
    }

    private void Raise(QuorumCertificate certificate)
    {
        if (certificate.Subject.Outranks(Highest.Subject))
        {
            Highest = certificate;
        }
    }
}
