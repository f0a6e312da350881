using System.Text;

namespace Ledger.Core;

/// <summary>
/// What can be said of a transaction without looking at the state: the same rules at admission, where they
/// give a client a clear answer, and in a block, where a transaction that breaks one makes the block invalid.
/// </summary>
public static class TransactionRules
{
    /// <summary>Any namespace, in a role.</summary>
    public const string AnyNamespace = "*";

    /// <returns>Null when all hold, otherwise what is wrong, in words.</returns>
    public static string? FaultIn(TransactionBody body, string chainId)
    {
        if (body.ChainId != chainId)
        {
            return $"it is for chain '{body.ChainId}', this is '{chainId}'";
        }

        for (var i = 0; i < body.Operations.Count; i++)
        {
            if (FaultIn(body.Operations[i], body.Operations.Count) is { } fault)
            {
                return $"operation {i}: {fault}";
            }
        }

        return null;
    }

    /// <summary>Whether a block of this time may hold it.</summary>
    public static string? FaultAt(TransactionBody body, Timestamp time)
    {
        if (body.ValidUntil < time)
        {
            return $"it was valid until {body.ValidUntil}, which is past";
        }

        return body.ValidUntil > time.Plus(Limits.ValidUntilAhead)
            ? "its valid-until lies more than a day ahead"
            : null;
    }

    public static bool IsName(string text)
    {
        if (text.Length is 0 or > Limits.NameBytes)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whether a role can be for this namespace: a name or any for writer and reader, none for the others.
    /// </summary>
    public static bool IsScope(Role role, string @namespace) => role is Role.Writer or Role.Reader
        ? @namespace == AnyNamespace || IsName(@namespace)
        : @namespace.Length == 0;

    private static string? FaultIn(Operation operation, int operations) => operation switch
    {
        Operation.Put put => NamespaceFault(put.Namespace) ?? KeyFault(put.Key) ?? ValueFault(put.Value),
        Operation.Delete delete => NamespaceFault(delete.Namespace) ?? KeyFault(delete.Key),
        Operation.DefineAsset define => AssetFault(define.Asset)
            ?? (define.Decimals > 18 ? "an asset has at most 18 decimals" : null),
        Operation.Issue issue => AssetFault(issue.Asset) ?? AmountFault(issue.Amount),
        Operation.Transfer transfer => AssetFault(transfer.Asset) ?? AmountFault(transfer.Amount),
        Operation.Burn burn => AssetFault(burn.Asset) ?? AmountFault(burn.Amount),
        Operation.Grant grant => RoleFault(grant.Role, grant.Namespace),
        Operation.Revoke revoke => RoleFault(revoke.Role, revoke.Namespace),
        Operation.AddValidator add => ValidatorFault(add.Name) ?? AddressFault(add.Address)
            ?? Validator.FaultIn(add.Key),
        Operation.RemoveValidator or Operation.PromoteValidator => null,
        // A proof is two signatures to check: no transaction may ask for more work than its place in a block
        // is worth.
        Operation.Report report => operations > 1
            ? "evidence stands alone in its transaction"
            : Evidence.FaultIn(report.Evidence),
        _ => "no such operation",
    };

    private static string? NamespaceFault(string name)
        => IsName(name) ? null : "a namespace is 1 to 64 characters of a-z, 0-9, '.', '_', '-'";

    private static string? AssetFault(string name)
        => IsName(name) ? null : "an asset's name is 1 to 64 characters of a-z, 0-9, '.', '_', '-'";

    private static string? ValidatorFault(string name)
        => IsName(name) ? null : "a validator's name is 1 to 64 characters of a-z, 0-9, '.', '_', '-'";

    private static string? AddressFault(string address)
        => PeerAddress.TryParse(address, out _, out _)
        ? null : "a validator's address is host:port or [IPv6]:port";

    private static string? KeyFault(string key)
    {
        if (key.Length == 0 || Encoding.UTF8.GetByteCount(key) > Limits.KeyBytes)
        {
            return $"a key is 1 to {Limits.KeyBytes} bytes";
        }

        foreach (var c in key)
        {
            if (char.IsControl(c))
            {
                return "a key holds no control characters";
            }
        }

        return null;
    }

    private static string? ValueFault(ReadOnlyMemory<byte> value)
        => value.Length <= Limits.ValueBytes ? null : $"a value is at most {Limits.ValueBytes} bytes";

    private static string? AmountFault(Amount amount) => amount.Value > 0 ? null : "an amount is at least 1";

    private static string? RoleFault(Role role, string @namespace)
    {
        if (IsScope(role, @namespace))
        {
            return null;
        }

        return role is Role.Writer or Role.Reader
            ? "writer and reader are for a namespace, or '*' for all"
            : "admin and issuer are not for a namespace";
    }
}
