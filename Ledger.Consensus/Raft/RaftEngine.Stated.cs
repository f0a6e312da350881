using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The members that the ledger states (docs/decisions/0059): transactions change them, and whoever leads
/// brings the configuration to what its final state says. So the configuration is a function of the ledger: a
/// change outlives its leader, and is made again by the next one from where it stands.
/// </summary>
public sealed partial class RaftEngine
{
    /// <summary>
    /// What the final state says; null where no ledger states members and an operator alone changes them.
    /// </summary>
    private RaftConfiguration? _stated;

    /// <summary>The last block that changed the voters, final here.</summary>
    private Height _votersSince;

    /// <summary>Who was connected last: whom this replica asks for blocks while it hears no leader.</summary>
    private ValidatorIndex? _neighbour;

    /// <summary>Whether this replica has a seat: before, it only follows the blocks of others.</summary>
    private bool HasSeat => _self != ValidatorIndex.None;

    private void OnMembersStated(Input.MembersStated stated, Effects effects)
    {
        State(stated);
        FollowLedger(effects);
        RequestProposal(effects);
    }

    private void State(Input.MembersStated stated)
    {
        _self = stated.Self;
        _stated = new(stated.Members);
        _votersSince = stated.VotersSince;
    }

    /// <summary>
    /// A leader whose ledger holds all that the configuration in force rests on, and states another one,
    /// changes it. One that is behind waits: what it would go back to is no longer so.
    /// </summary>
    private void FollowLedger(Effects effects)
    {
        if (_stated is not { } stated || !_safety.MayReconfigure || Configuration.IsJoint || LedgerLags
            || stated.Equals(Configuration))
        {
            return;
        }

        Change(stated.Membership, effects);
    }

    private bool LedgerLags
        => _durable < Log.BlockAt(LogIndex.Max(Log.ConfigurationIndex, Log.Start.Index)).Height;

    /// <summary>
    /// Each block is certified by the voters that the block before it names: none is made on a block that
    /// changes them until that one is final and the log's configuration agrees.
    /// </summary>
    private bool VotersAreStated
        => _stated is not { } stated || (!EndsEpoch && stated.Voters.SequenceEqual(Configuration.Voters));

    private bool EndsEpoch
        => Log.LastBlock.Height > _votersSince && Log.IndexOf(Log.LastBlock.Height) is { } index
            && Log[index] is BlockEntry { Body.Header.EndsEpoch: true };

    private void OnMembersAsked(Membership target, Effects effects)
        => effects.Note(new Notice.MembersAnswered(ChangeFault(target)));

    /// <summary>
    /// Who has no seat yet is told nothing, and whoever leads may be one that this replica has never heard
    /// of: it asks for blocks, from which it learns both. A witness has no use for them: its node is told.
    /// </summary>
    private void AskForBlocks(ValidatorIndex? from, Effects effects)
    {
        if (_stated is not null && !_options.IsWitness && from is { } neighbour && neighbour != _self)
        {
            effects.CatchUp(_decided.Height.Next, neighbour);
        }
    }
}
