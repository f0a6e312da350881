namespace Ledger.Consensus.Pbft;

/// <summary>What an operator may set; no value can cost safety.</summary>
/// <param name="Window">Heights above the last committed one that may be under way at once; 1 to 64.</param>
/// <param name="ViewTimeout">How long a view may go without a commit while work waits; at least 10
/// ms.</param>
/// <param name="ViewTimeoutMax">What doubling stops at.</param>
/// <param name="RepeatEvery">How often unanswered words are said again while nothing advances.</param>
public sealed record PbftOptions(
    int Window, TimeSpan ViewTimeout, TimeSpan ViewTimeoutMax, TimeSpan RepeatEvery)
{
    /// <summary>After so long a question on behalf of reads is put again, or given up.</summary>
    public TimeSpan AskEvery { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How much the journal may grow before it is written anew.</summary>
    public long CompactionBytes { get; init; } = 16 * 1024 * 1024;

    public static readonly PbftOptions Default = new(
        Window: 8,
        ViewTimeout: TimeSpan.FromSeconds(1),
        ViewTimeoutMax: TimeSpan.FromSeconds(30),
        RepeatEvery: TimeSpan.FromMilliseconds(500));
}
