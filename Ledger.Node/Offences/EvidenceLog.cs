using Ledger.Core;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Offences;

internal static partial class EvidenceLog
{
    [LoggerMessage(
        LogLevel.Error,
        "Holds proof that {Validator} signed two {Kind}s at height {Height} in view {View}; "
            + "'ledger evidence' shows it")]
    public static partial void Holds(
        ILogger logger, string validator, StatementKind kind, Height height, View view);

    [LoggerMessage(LogLevel.Information,
        "Reports the offence of {Validator} at height {Height} to the ledger")]
    public static partial void Reports(ILogger logger, string validator, Height height);
}
