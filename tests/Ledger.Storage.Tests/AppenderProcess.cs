using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ledger.Storage.Tests;

/// <summary>
/// Starts an <see cref="Appender"/>, perhaps under another program, and hears what it acknowledges.
/// </summary>
internal sealed class AppenderProcess : IDisposable
{
    private const string Acknowledged = "acknowledged ";

    private readonly Process _process;

    public AppenderProcess(string what, string folder, int count, params string[] under)
    {
        var host = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        string[] command =
        [
            .. under, host, "exec", typeof(Appender).Assembly.Location, Appender.Verb, what, folder,
            count.ToString(CultureInfo.InvariantCulture),
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        _process = Process.Start(start)!;
    }

    /// <summary>The highest number that was acknowledged.</summary>
    public ulong Last { get; private set; }

    /// <summary>What a failed write said.</summary>
    public string? Failure { get; private set; }

    /// <summary>Kills it without warning once it has acknowledged this many more.</summary>
    public void KillAfter(int acknowledgements)
    {
        Hear(acknowledgements);
        _process.Kill();
        HearAll();
    }

    /// <summary>Listens until it has acknowledged this many more, or ended.</summary>
    public void Hear(int acknowledgements)
    {
        for (var heard = 0; heard < acknowledgements && Hear(); heard++)
        {
        }
    }

    /// <summary>Hears it out.</summary>
    /// <returns>Its exit code.</returns>
    public int HearAll()
    {
        while (Hear())
        {
        }

        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private bool Hear()
    {
        switch (_process.StandardOutput.ReadLine())
        {
            case null:
                return false;
            case var line when line.StartsWith(Acknowledged, StringComparison.Ordinal):
                Assert.Null(Failure);
                Last = ulong.Parse(line.AsSpan(Acknowledged.Length), CultureInfo.InvariantCulture);
                return true;
            case var line:
                Failure = line;
                return true;
        }
    }
}
