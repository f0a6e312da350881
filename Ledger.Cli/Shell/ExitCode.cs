namespace Ledger.Cli.Shell;

/// <summary>What a script may rely on; part of the tool's contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int TimedOut = 3;
    public const int VerificationFailed = 4;
    public const int BadConfiguration = 78;
    public const int Interrupted = 130;
}
