using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ledger.Cli.Network;

namespace Ledger.Cli.Devnet;

/// <summary>One validator of a devnet as a process: its config, its log, its pid.</summary>
internal sealed class DevnetValidator(string folder, ValidatorPlan plan)
{
    private const int LogTailLines = 12;
    private const int LogTailBytes = 16 * 1024;

    /// <summary>
    /// A session of its own, so that Ctrl-C reaches only the devnet, which stops its validators in order; and a log
    /// that does not depend on the devnet's living on. exec keeps the pid.
    /// </summary>
    private const string StartScript = """exec setsid "$@" >>"$LEDGER_DEVNET_LOG" 2>&1 </dev/null""";

    private readonly string _home = Path.Combine(folder, plan.Name);

    public ValidatorPlan Plan { get; } = plan;

    public string ConfigPath { get; } = NetworkFolder.ConfigPath(folder, plan);

    public string LogPath => Path.Combine(_home, "node.log");

    public string DataPath => Path.Combine(_home, "data");

    private string PidPath => Path.Combine(_home, "node.pid");

    /// <param name="nodeCommand">What runs a node, up to its <c>--config</c>.</param>
    public Process Start(IReadOnlyList<string> nodeCommand)
    {
        ProcessStartInfo start = new("/bin/sh") { UseShellExecute = false, WorkingDirectory = _home };
        foreach (var argument in (IEnumerable<string>)
            ["-c", StartScript, "sh", .. nodeCommand, "--config", ConfigPath])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LEDGER_DEVNET_LOG"] = LogPath;
        var process = Process.Start(start)!;
        File.WriteAllText(PidPath, process.Id.ToString(CultureInfo.InvariantCulture));
        return process;
    }

    /// <summary>The pid, if a process of that number runs and is this validator's: pids are used again.</summary>
    public int? RunningPid()
    {
        if (!File.Exists(PidPath)
            || !int.TryParse(File.ReadAllText(PidPath), CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return arguments.Contains(ConfigPath) ? pid : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

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
}
