namespace Ledger.Cli.Submit;

/// <summary>
/// What is known of every line of a file, in one byte per line: files have millions of lines.
/// </summary>
internal sealed class LineStates
{
    private const byte AppliedBit = 0x80;
    private const byte FailedBit = 0x40;
    private const byte AttemptMask = 0x3f;

    /// <summary>How often a failed line may be tried anew.</summary>
    public const int AttemptMax = AttemptMask;

    private byte[] _states = new byte[1024];

    public bool IsApplied(long line) => (At(line) & AppliedBit) != 0;

    public bool IsFailed(long line) => (At(line) & FailedBit) != 0;

    public bool IsOpen(long line) => (At(line) & (AppliedBit | FailedBit)) == 0;

    /// <summary>How many times the line has failed and was tried anew: part of its nonce.</summary>
    public int AttemptOf(long line) => At(line) & AttemptMask;

    public void Applied(long line) => Set(line, (byte)(At(line) | AppliedBit));

    public void Failed(long line) => Set(line, (byte)(At(line) | FailedBit));

    public void Reopened(long line) => Set(line, (byte)(AttemptOf(line) + 1));

    private byte At(long line) => line < _states.Length ? _states[line] : (byte)0;

    private void Set(long line, byte state)
    {
        if (line >= _states.Length)
        {
            Array.Resize(ref _states, checked((int)Math.Max(line + 1, 2L * _states.Length)));
        }

        _states[line] = state;
    }
}
