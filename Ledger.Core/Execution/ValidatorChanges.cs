using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Changes of the validator set: a part of the state like any other, which the next block's header then names. Several
/// changes of one block take effect together.
/// </summary>
internal static class ValidatorChanges
{
    public static FailureReason Add(Operation.AddValidator add, Genesis genesis, Height height, Overlay state)
    {
        if (genesis.Mode != ConsensusMode.Pbft)
        {
            return FailureReason.InvalidArgument;
        }

        var history = ValidatorHistory.Read(genesis, state.Read);
        foreach (var member in history.Current.Members)
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

        state.Write(StateKey.Validators, history.With(new(add.Name, add.Key, add.Address), height).Encode());
        return FailureReason.None;
    }

    /// <summary>Takes a validator out, whoever wants it: an admin's operation, or a proof against it.</summary>
    public static FailureReason Remove(PublicKey key, Genesis genesis, Height height, Overlay state)
    {
        if (genesis.Mode != ConsensusMode.Pbft)
        {
            return FailureReason.InvalidArgument;
        }

        var history = ValidatorHistory.Read(genesis, state.Read);
        if (history.Current.IndexOf(key) is not { } seat)
        {
            return FailureReason.ValidatorUnknown;
        }

        if (history.Current.Count == 1)
        {
            return FailureReason.LastValidator;
        }

        state.Write(StateKey.Validators, history.Without(seat, height).Encode());
        return FailureReason.None;
    }
}
