using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Who may do what: asked at admission for a clear answer, and in execution, where it counts.
/// </summary>
public static class Permissions
{
    /// <param name="read">The state, at whatever moment the caller asks about.</param>
    public static bool Allows(PublicKey sender, Operation operation, Func<byte[], byte[]?> read)
        => operation switch
        {
            Operation.Put put => MayWrite(sender, put.Namespace, read),
            Operation.Delete delete => MayWrite(sender, delete.Namespace, read),
            Operation.DefineAsset or Operation.Issue => Has(sender, Role.Issuer, "", read),
            Operation.Grant or Operation.Revoke or Operation.AddValidator or Operation.RemoveValidator
                or Operation.PromoteValidator => Has(sender, Role.Admin, "", read),
            _ => true,
        };

    public static bool Has(PublicKey account, Role role, string @namespace, Func<byte[], byte[]?> read)
        => read(StateKey.ForRole(account, role, @namespace)) is not null;

    private static bool MayWrite(PublicKey sender, string @namespace, Func<byte[], byte[]?> read)
        => Has(sender, Role.Writer, @namespace, read)
            || Has(sender, Role.Writer, TransactionRules.AnyNamespace, read);
}
