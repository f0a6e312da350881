namespace Ledger.Node.Api;

/// <summary>
/// The bytes that all requests together may hold: bodies on their way in and proofs on their way out, for as
/// long as the slowest client takes over them. Small ones are not counted: the number of connections bounds
/// what they come to.
/// </summary>
internal sealed class RequestMemory(long bytesMax)
{
    /// <summary>A request holds this much without asking.</summary>
    public const int FreeBytes = 64 << 10;

    private long _held;

    /// <returns>False when there is no room for them now.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= bytesMax)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _held, -bytes);
}
