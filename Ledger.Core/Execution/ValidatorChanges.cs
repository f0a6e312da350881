using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Changes of the validator set: a part of the state like any other, which the next block's header then
/// names. Several changes of one block take effect together. In Raft a newcomer learns before it is promoted
/// to the set, unless it is a witness.
/// </summary>
internal static class ValidatorChanges
{
    public static FailureReason Add(Operation.AddValidator add, Genesis genesis, Height height, Overlay state)
    {
        var history = ValidatorHistory.Read(genesis, state.Read);
        foreach (var member in history.Seated.Members)
        {
            if (member.Name == add.Name || member.PublicKey == add.Key)
            {
                return FailureReason.ValidatorExists;
            }
        }

        if (history.Seats == Limits.Validators)
        {
            return FailureReason.TooManyValidators;
        }

        if (add.IsWitness && genesis.Mode != ConsensusMode.Raft)
        {
            return FailureReason.InvalidArgument;
        }

        // A witness has nothing to learn: its first word from the leader tells it where the log stands.
        Validator newcomer = new(add.Name, add.Key, add.Address, add.IsWitness);
        var learns = genesis.Mode == ConsensusMode.Raft && !add.IsWitness;
        Write(learns ? history.WithLearner(newcomer) : history.With(newcomer, height), state);
        return FailureReason.None;
    }

    /// <summary>Raft: one who learned joins the set.</summary>
    public static FailureReason Promote(PublicKey key, Genesis genesis, Height height, Overlay state)
    {
        if (genesis.Mode != ConsensusMode.Raft)
        {
            return FailureReason.InvalidArgument;
        }

        var history = ValidatorHistory.Read(genesis, state.Read);
        if (history.FindByKey(key) is not { } seat || !history.Learns(seat))
        {
            return FailureReason.NoLearner;
        }

        Write(history.Promoted(seat, height), state);
        return FailureReason.None;
    }

    /// <summary>Takes a validator out, as an admin's operation.</summary>
    public static FailureReason Remove(PublicKey key, Genesis genesis, Height height, Overlay state)
    {
        var history = ValidatorHistory.Read(genesis, state.Read);
        if (history.Seated.IndexOf(key) is not { } seat)
        {
            return FailureReason.ValidatorUnknown;
        }

        // In and out in one block would begin an epoch with the set of the one before.
        if (genesis.Mode == ConsensusMode.Raft && history.CountsSince(seat, height))
        {
            return FailureReason.InvalidArgument;
        }

        // Witnesses alone have no block to give to anyone.
        var current = history.Current;
        if (current.Contains(seat) && current.Indices.All(other => other == seat || current[other].IsWitness))
        {
            return FailureReason.LastValidator;
        }

        Write(history.Without(seat, height), state);
        return FailureReason.None;
    }

    /// <summary>
    /// Empties the seat that an offence was committed in. Whoever has left it and was let in again has
    /// another one, which an older offence does not touch; the last validator stays, since without it nobody
    /// could let in another.
    /// </summary>
    public static void Suspend(Offence offence, Genesis genesis, Height height, Overlay state)
    {
        var history = ValidatorHistory.Read(genesis, state.Read);
        if (history.SetAt(offence.Height).IndexOf(offence.Validator) is { } seat
            && history.Current.Contains(seat) && history.Current.Count > 1)
        {
            Write(history.Without(seat, height), state);
        }
    }

    private static void Write(ValidatorHistory history, Overlay state)
        => state.Write(StateKey.Validators, history.Encode());
}
