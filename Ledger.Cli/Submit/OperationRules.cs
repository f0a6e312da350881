using Ledger.Core;

namespace Ledger.Cli.Submit;

/// <summary>
/// What no node would accept needs no node to say so: the core's own rules, for one operation.
/// </summary>
internal static class OperationRules
{
    private const string AnyChain = "any";
    private const string Prefix = "operation 0: ";

    public static string? FaultIn(Operation operation)
    {
        var fault = TransactionRules.FaultIn(new(AnyChain, default, default, 0, [operation]), AnyChain);
        return fault?.StartsWith(Prefix, StringComparison.Ordinal) == true ? fault[Prefix.Length..] : fault;
    }
}
