using Xunit.Runner.InProc.SystemConsole;

namespace Ledger.Crypto.Tests;

/// <summary>
/// The test program. Started with <see cref="FailingDisk.Verb"/> it is the process whose syncs are made to
/// fail.
/// </summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
        => args is [FailingDisk.Verb, var path, var content]
            ? FailingDisk.Write(path, content)
            : await ConsoleRunner.Run(args);
}
