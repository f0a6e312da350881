namespace Ledger.Storage;

/// <summary>
/// A snapshot that cannot be used or made: the message says what is wrong with it. What it was to be restored
/// into is as it was, or marked as unfinished.
/// </summary>
public sealed class SnapshotException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The snapshot is at fault, and not the disk.</summary>
    public bool IsDamage { get; init; }
}
