namespace Ledger.Cli.Shell;

/// <summary>
/// Ends a command with words for the person at the keyboard: what was wrong, and how to mend it.
/// </summary>
internal sealed class CliException(string what, string mend, int exitCode = ExitCode.Failed)
    : Exception($"{what}; {mend}")
{
    public int ExitCode { get; } = exitCode;
}
