using System.Diagnostics;

namespace Ledger.Compat.Tests;

/// <summary>Prometheus' own checker of metrics, where it is installed.</summary>
internal static class Promtool
{
    private const string Program = "/usr/bin/promtool";

    public static bool IsHere => File.Exists(Program);

    public static async Task<(int Exit, string Said)> CheckAsync(string metrics)
    {
        ProcessStartInfo start = new(Program, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(metrics);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        var said = await output + errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
