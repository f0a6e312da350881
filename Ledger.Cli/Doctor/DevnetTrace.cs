using Ledger.Cli.Devnet;

namespace Ledger.Cli.Doctor;

/// <summary>
/// What a devnet's folder shows of a validator that does not answer: its process, its disk, its last words.
/// </summary>
internal static class DevnetTrace
{
    private static readonly string[] Reasons = ["cannot go on", "error:", "Unhandled exception"];

    public static Address AddressOf(DevnetValidator validator)
        => new(validator.Plan.HttpUrl, validator.Plan.Name, () => Of(validator));

    private static LocalTrace Of(DevnetValidator validator)
    {
        var runs = validator.RunningPid() is not null;
        return new(runs, runs ? null : LastWords(validator.LogTail()), FreeBytes(validator.ConfigPath));
    }

    private static string? LastWords(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.LastOrDefault(
            line => Reasons.Any(reason => line.Contains(reason, StringComparison.Ordinal)));
    }

    private static long FreeBytes(string config)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(config)!).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
