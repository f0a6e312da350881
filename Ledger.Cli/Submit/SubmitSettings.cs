namespace Ledger.Cli.Submit;

/// <summary>How a file is sent.</summary>
/// <param name="RatePerSecond">Lines a second at most; null for as fast as the network takes them.</param>
/// <param name="RetryFailed">Whether lines that failed in an earlier run are tried anew.</param>
/// <param name="Patience">How long nothing may advance before the run gives up.</param>
internal sealed record SubmitSettings(int? RatePerSecond, bool RetryFailed, TimeSpan Patience)
{
    public const int BatchMax = 500;

    /// <summary>Well under a node's limit for one request.</summary>
    public const int BatchBytesMax = 1024 * 1024;

    public const int InFlight = 4;

    /// <summary>Below the day that the chain allows: this clock and the node's may differ.</summary>
    public static readonly TimeSpan EpochLength = TimeSpan.FromHours(20);

    /// <summary>An epoch this close to its end is not used for lines that were never sent.</summary>
    public static readonly TimeSpan EpochMargin = TimeSpan.FromMinutes(10);
}
