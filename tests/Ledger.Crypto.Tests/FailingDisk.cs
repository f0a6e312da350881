using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ledger.Crypto.Tests;

/// <summary>
/// Runs one durable write in a process of its own, in which a chosen sync fails with an I/O error.
/// </summary>
internal static class FailingDisk
{
    public const string Verb = "write";
    public const int Failed = 74;

    private const string Strace = "/usr/bin/strace";

    public static bool IsHere => File.Exists(Strace);

    public static int Write(string path, string content)
    {
        try
        {
            DurableFile.Write(
                path, Encoding.UTF8
                    .GetBytes(content), UnixFileMode.UserRead | UnixFileMode.UserWrite, replace: true);
            return 0;
        }
        catch (IOException exception)
        {
            Console.WriteLine(exception.Message);
            return Failed;
        }
    }

    /// <param name="path">The file to write.</param>
    /// <param name="content">What to write.</param>
    /// <param name="which">The first sync fails with 1, the second with 2; with 0 none does.</param>
    /// <returns>Its exit code, what it said, and its calls that touch the disk, in order.</returns>
    public static (int Exit, string Said, string[] Calls) WriteUnder(string path, string content, int which)
    {
        var log = path + ".strace";
        var inject = string.Create(CultureInfo.InvariantCulture, $"inject=fsync:error=EIO:when={which}");
        string[] arguments =
        [
            "-f", "-qq", "-y", "-o", log, "-e", "trace=fsync,rename,renameat,renameat2,unlink",
            .. which > 0 ? new[] { "-e", inject } : [],
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")),
            "exec", typeof(FailingDisk).Assembly.Location, Verb, path, content,
        ];
        using var process = Process.Start(
            new ProcessStartInfo(Strace, arguments) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var folder = Path.GetDirectoryName(path)!;
        string[] calls =
        [
            .. File.ReadLines(log).Where(line => line.Contains(folder, StringComparison.Ordinal)),
        ];
        File.Delete(log);
        return (process.ExitCode, said, calls);
    }
}
