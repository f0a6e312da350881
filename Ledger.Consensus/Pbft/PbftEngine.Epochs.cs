using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// The change of validators. The block that changes them is the last of its epoch: nothing is proposed on it
/// until it is durable, and then the new set begins in a view of its own, whatever the old one was doing. Who
/// still lacks the block gets it from those who have it, with the old set's certificate.
/// </summary>
public sealed partial class PbftEngine
{
    /// <summary>
    /// What the journal holds of epochs that the ledger here has not reached: it was put back to an earlier
    /// state, and what was promised then still binds.
    /// </summary>
    private readonly List<JournalRecord> _promisedAhead = [];

    /// <summary>Blocks of the next epoch that came before it began here.</summary>
    private CertifiedSegment? _nextEpochs;

    /// <summary>
    /// What one who is no validator, not yet or not any more, takes notice of: final blocks, and says
    /// nothing.
    /// </summary>
    private static bool IsForFollowers(Input input) => input
        is Input.Synced or Input.Fetched or Input.Finalised or Input.EpochBegan or Input.PeerIsAhead
        or Input.WorkPending
        or Input.ReadRequested
        or Input.TimerFired { Timer.Kind: TimerKind.Answers }
        or Input.Received { Verified.Message: Status };

    private void OnEpochBegan(Epoch epoch, ValidatorIndex self, Effects effects)
    {
        if (epoch.Number <= _epoch.Number)
        {
            return;
        }

        Invariant.Holds(
            epoch.Start.Height == _final.Height, "an epoch begins on the last block of the one before");
        var wasMember = IsMember;
        _epoch = epoch;
        _self = self;
        _final.Open();
        _safety.Begin(epoch);
        _slots = new(epoch.Validators);
        _viewChanges = new Verified?[epoch.Validators.Seats];
        _certificates.Clear();
        _newView = null;
        _ownViewChange = null;
        _requested = null;
        _pacemaker.OnCommit();
        JournalRecord[] ahead = [.. _promisedAhead];
        _promisedAhead.Clear();
        foreach (var record in ahead)
        {
            Replay(record);
        }

        Compact(effects);
        effects.Note(new Notice.ValidatorsChanged(epoch, IsMember));
        if (wasMember && !IsMember)
        {
            effects.Note(new Notice.Removed());
        }

        effects.Note(new Notice.EnteredView(View, Validators.PrimaryOf(View), _safety.Base));
        OnStarted(effects);
        OnReadersChanged(effects);
        if (_nextEpochs is { } segment)
        {
            _nextEpochs = null;
            OnSynced(segment, effects);
        }
    }

    /// <summary>
    /// Words of an epoch that is over can no longer be asked for; those of a later one are kept for it.
    /// </summary>
    private bool IsOfAnotherEpoch(JournalRecord record)
    {
        var epoch = EpochOf(record);
        if (epoch > _epoch.Number)
        {
            _promisedAhead.Add(record);
        }

        return epoch != _epoch.Number;
    }

    private static ulong EpochOf(JournalRecord record) => record switch
    {
        Accepted accepted => accepted.View.Epoch,
        Certified certified => certified.Certificate.Subject.View.Epoch,
        LeftFor left => left.Target.Epoch,
        Entered entered => entered.View.Epoch,
        BaseFinal settled => settled.View.Epoch,
        _ => 0,
    };

    private void Compact(Effects effects) => effects.Compact(_safety.Compacted().Concat(_promisedAhead));
}
