using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>
/// How much the node logs; an operator may change it while the node runs, until it is started again.
/// </summary>
internal sealed class LogLevels(string configured)
{
    private volatile int _current = (int)Parse(configured)!.Value;

    public LogLevel Current
    {
        get => (LogLevel)_current;
        set => _current = (int)value;
    }

    /// <summary>The words that the configuration takes as well; null for any other.</summary>
    public static LogLevel? Parse(string word) => word.ToLowerInvariant() switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "information" => LogLevel.Information,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => null,
    };

    public static string WordOf(LogLevel level) => level.ToString().ToLowerInvariant();
}
