namespace Ledger.Cli.Submit;

/// <summary>What a run has done so far; written by several senders, read by the progress bar.</summary>
internal sealed class SubmitTotals
{
    private long _applied;
    private long _failed;
    private long _alreadyApplied;
    private long _bad;
    private long _bytesRead;

    public long Applied => Interlocked.Read(ref _applied);

    /// <summary>Refused by a node, or final without effect, in this run or an earlier one.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Applied by an earlier run: not sent again.</summary>
    public long AlreadyApplied => Interlocked.Read(ref _alreadyApplied);

    public long Bad => Interlocked.Read(ref _bad);

    public long BytesRead => Interlocked.Read(ref _bytesRead);

    public void CountApplied() => Interlocked.Increment(ref _applied);

    public void CountFailed() => Interlocked.Increment(ref _failed);

    public void CountAlreadyApplied() => Interlocked.Increment(ref _alreadyApplied);

    public void CountBad() => Interlocked.Increment(ref _bad);

    public void ReadUpTo(long offset) => Interlocked.Exchange(ref _bytesRead, offset);
}
