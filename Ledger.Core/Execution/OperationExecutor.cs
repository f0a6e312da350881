using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// What each operation does to the state, and when it fails. Deterministic: the state and the block decide.
/// </summary>
internal static class OperationExecutor
{
    public static FailureReason Apply(
        Operation operation, PublicKey sender, Genesis genesis, Height height, Overlay state,
        EvidenceRules evidence)
    {
        if (!Permissions.Allows(sender, operation, state.Read))
        {
            return FailureReason.NotPermitted;
        }

        return operation switch
        {
            Operation.Put put => Put(put, height, state),
            Operation.Delete delete => Delete(delete, state),
            Operation.DefineAsset define => DefineAsset(define, sender, state),
            Operation.Issue issue => Issue(issue, sender, state),
            Operation.Transfer transfer => Transfer(transfer, sender, state),
            Operation.Burn burn => Burn(burn, sender, state),
            Operation.Grant grant => Grant(grant, state),
            Operation.Revoke revoke => Revoke(revoke, state),
            Operation.AddValidator add => ValidatorChanges.Add(add, genesis, height, state),
            Operation.RemoveValidator remove => ValidatorChanges.Remove(remove.Key, genesis, height, state),
            Operation.PromoteValidator promote
                => ValidatorChanges.Promote(promote.Key, genesis, height, state),
            Operation.Report report => Report(report, sender, genesis, height, state, evidence),
            _ => FailureReason.InvalidArgument,
        };
    }

    /// <summary>Gives a role; also how genesis gives the first ones.</summary>
    public static FailureReason Grant(Operation.Grant grant, Overlay state)
    {
        var key = StateKey.ForRole(grant.Account, grant.Role, grant.Namespace);
        if (state.Read(key) is not null)
        {
            return FailureReason.None;
        }

        state.Write(key, Number.Encode(1));
        if (grant.Role == Role.Admin)
        {
            state.Write(StateKey.Admins, Number.Encode(Number.Decode(state.Read(StateKey.Admins)) + 1));
        }

        return FailureReason.None;
    }

    private static FailureReason Put(Operation.Put put, Height height, Overlay state)
    {
        var key = StateKey.ForEntry(put.Namespace, put.Key);
        if (put.ExpectedVersion is { } expected && VersionOf(state.Read(key)) != expected)
        {
            return FailureReason.VersionMismatch;
        }

        state.Write(key, new KeyEntry(put.Value, height.Value).Encode());
        return FailureReason.None;
    }

    private static FailureReason Delete(Operation.Delete delete, Overlay state)
    {
        var key = StateKey.ForEntry(delete.Namespace, delete.Key);
        var held = state.Read(key);
        if (delete.ExpectedVersion is { } expected && VersionOf(held) != expected)
        {
            return FailureReason.VersionMismatch;
        }

        if (held is null)
        {
            return FailureReason.KeyNotFound;
        }

        state.Write(key, null);
        return FailureReason.None;
    }

    private static ulong VersionOf(byte[]? entry) => entry is null ? 0 : KeyEntry.Decode(entry).Version;

    private static FailureReason DefineAsset(Operation.DefineAsset define, PublicKey sender, Overlay state)
    {
        var key = StateKey.ForAsset(define.Asset);
        if (state.Read(key) is not null)
        {
            return FailureReason.AssetExists;
        }

        state.Write(key, new AssetEntry(sender, define.Decimals, 0).Encode());
        return FailureReason.None;
    }

    private static FailureReason Issue(Operation.Issue issue, PublicKey sender, Overlay state)
    {
        var key = StateKey.ForAsset(issue.Asset);
        if (state.Read(key) is not { } bytes)
        {
            return FailureReason.AssetUnknown;
        }

        var asset = AssetEntry.Decode(bytes);
        if (asset.Issuer != sender)
        {
            return FailureReason.NotIssuer;
        }

        // No balance exceeds the supply, so a supply that fits means balances that fit.
        if (asset.Supply > ulong.MaxValue - issue.Amount.Value)
        {
            return FailureReason.Overflow;
        }

        state.Write(key, (asset with { Supply = asset.Supply + issue.Amount.Value }).Encode());
        Credit(issue.To, issue.Asset, issue.Amount, state);
        return FailureReason.None;
    }

    private static FailureReason Transfer(Operation.Transfer transfer, PublicKey sender, Overlay state)
    {
        if (state.Read(StateKey.ForAsset(transfer.Asset)) is null)
        {
            return FailureReason.AssetUnknown;
        }

        if (!TryDebit(sender, transfer.Asset, transfer.Amount, state))
        {
            return FailureReason.InsufficientBalance;
        }

        Credit(transfer.To, transfer.Asset, transfer.Amount, state);
        return FailureReason.None;
    }

    private static FailureReason Burn(Operation.Burn burn, PublicKey sender, Overlay state)
    {
        var key = StateKey.ForAsset(burn.Asset);
        if (state.Read(key) is not { } bytes)
        {
            return FailureReason.AssetUnknown;
        }

        if (!TryDebit(sender, burn.Asset, burn.Amount, state))
        {
            return FailureReason.InsufficientBalance;
        }

        var asset = AssetEntry.Decode(bytes);
        Invariant.Holds(asset.Supply >= burn.Amount.Value, "no balance exceeds its asset's supply");
        state.Write(key, (asset with { Supply = asset.Supply - burn.Amount.Value }).Encode());
        return FailureReason.None;
    }

    private static FailureReason Revoke(Operation.Revoke revoke, Overlay state)
    {
        var key = StateKey.ForRole(revoke.Account, revoke.Role, revoke.Namespace);
        if (state.Read(key) is null)
        {
            return FailureReason.KeyNotFound;
        }

        if (revoke.Role == Role.Admin)
        {
            var admins = Number.Decode(state.Read(StateKey.Admins));
            if (admins <= 1)
            {
                return FailureReason.LastAdmin;
            }

            state.Write(StateKey.Admins, Number.Encode(admins - 1));
        }

        state.Write(key, null);
        return FailureReason.None;
    }

    private static FailureReason Report(
        Operation.Report report, PublicKey sender, Genesis genesis, Height height, Overlay state,
        EvidenceRules rules)
    {
        var failure = rules.Check(report.Evidence, height, state.Read);
        if (failure != FailureReason.None)
        {
            return failure;
        }

        EvidenceRules.Record(report.Evidence, sender, height, state);
        if (genesis.Evidence == EvidencePolicy.Suspend)
        {
            ValidatorChanges.Suspend(report.Evidence.Offence, genesis, height, state);
        }

        return FailureReason.None;
    }

    private static bool TryDebit(PublicKey account, string asset, Amount amount, Overlay state)
    {
        var key = StateKey.ForBalance(account, asset);
        var balance = Number.Decode(state.Read(key));
        if (balance < amount.Value)
        {
            return false;
        }

        var rest = balance - amount.Value;
        state.Write(key, rest == 0 ? null : Number.Encode(rest));
        return true;
    }

    private static void Credit(PublicKey account, string asset, Amount amount, Overlay state)
    {
        var key = StateKey.ForBalance(account, asset);
        state.Write(key, Number.Encode(checked(Number.Decode(state.Read(key)) + amount.Value)));
    }
}
