using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ledger.Cli.Devnet;

/// <summary>
/// A process of a devnet that lives on by itself: its log and its pid, in files beside each other.
/// </summary>
/// <param name="home">The folder it starts in.</param>
/// <param name="name">Of its log and pid files.</param>
/// <param name="mark">One of its arguments that no other process has: pids are used again.</param>
internal sealed class DetachedProcess(string home, string name, string mark)
{
    private const int LogTailLines = 12;
    private const int LogTailBytes = 16 * 1024;

    /// <summary>
    /// A session of its own, so that Ctrl-C reaches only the devnet, which stops its processes in order; and
    /// a log that does not depend on the devnet's living on. exec keeps the pid.
    /// </summary>
    private const string StartScript = """exec setsid "$@" >>"$LEDGER_DEVNET_LOG" 2>&1 </dev/null""";

    public string LogPath => Path.Combine(home, $"{name}.log");

    private string PidPath => Path.Combine(home, $"{name}.pid");

    public Process Start(IEnumerable<string> command)
    {
        ProcessStartInfo start = new("/bin/sh") { UseShellExecute = false, WorkingDirectory = home };
        foreach (var argument in (IEnumerable<string>)["-c", StartScript, "sh", .. command])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LEDGER_DEVNET_LOG"] = LogPath;
        var process = Process.Start(start)!;
        File.WriteAllText(PidPath, process.Id.ToString(CultureInfo.InvariantCulture));
        return process;
    }

    /// <summary>The pid, if a process of that number runs and is this one.</summary>
    public int? RunningPid()
    {
        if (!File.Exists(PidPath)
            || !int.TryParse(File.ReadAllText(PidPath), CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        try
        {
            var commandLine = File.ReadAllText($"/proc/{pid}/cmdline");
            var isOurs = commandLine.Length == 0 ? IsAboutToRun(pid) : commandLine.Split('\0').Contains(mark);
            return isOurs ? pid : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <returns>Whether it ran.</returns>
    public bool Send(int signal) => RunningPid() is { } pid && Kill(pid, signal) == 0;

    public string LogTail()
    {
        if (!File.Exists(LogPath))
        {
            return "(it wrote no log)";
        }

        using FileStream file = new(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-Math.Min(LogTailBytes, file.Length), SeekOrigin.End);
        using StreamReader reader = new(file, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0
            ? "(its log is empty)"
            : string.Join('\n', lines.TakeLast(LogTailLines).Select(line => $"  {line}"));
    }

    /// <summary>
    /// No command line has a process while it turns into another program, and one that has ended.
    /// </summary>
    private static bool IsAboutToRun(int pid)
        => File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].TrimStart() is not ['Z' or 'X', ..];

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
