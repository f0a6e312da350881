using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Mempool;

/// <summary>
/// What a sender must show where no role is asked for. A key costs nothing: whoever makes new ones could
/// otherwise fill blocks, each key in its turn, with what can only fail. Asked of the final state and at the
/// door alone; execution judges by what it then finds.
/// </summary>
/// <param name="genesis">Of the chain.</param>
/// <param name="verify">The one check of a validator's signature.</param>
internal sealed class Standing(Genesis genesis, StatementVerifier verify)
{
    private readonly EvidenceRules _evidence = new(genesis, verify);

    /// <returns>Null when the operation may come in; otherwise why not, for people.</returns>
    public string? FaultIn(PublicKey sender, Operation operation, Func<byte[], byte[]?> read)
        => operation switch
        {
            Operation.Transfer transfer => FaultOfHolder(sender, transfer.Asset, read),
            Operation.Burn burn => FaultOfHolder(sender, burn.Asset, read),
            Operation.Report report => _evidence.ProvesNew(report.Evidence, read)
                ? null
                : "the evidence proves nothing that the ledger does not know",
            _ => Permissions.Allows(sender, operation, read)
                ? null
                : $"the sender {sender} lacks the role for it",
        };

    /// <summary>Who may issue may do so in the same transaction, and then holds it.</summary>
    private static string? FaultOfHolder(PublicKey sender, string asset, Func<byte[], byte[]?> read)
        => read(StateKey.ForBalance(sender, asset)) is not null
            || Permissions.Has(sender, Role.Issuer, "", read)
            ? null
            : $"the sender {sender} holds no '{asset}' in the final state";
}
