using Xunit.Runner.InProc.SystemConsole;

namespace Ledger.Storage.Tests;

/// <summary>
/// The test program. Started with <see cref="Appender.Verb"/> it is the process that the crash tests kill
/// instead.
/// </summary>
public static class Program
{
    public static int Main(string[] args)
        => args is [Appender.Verb, var what, var folder, var count]
            ? Appender.Run(what, folder, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture))
            : ConsoleRunner.Run(args).GetAwaiter().GetResult();
}
