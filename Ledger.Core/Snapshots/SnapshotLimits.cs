namespace Ledger.Core;

/// <summary>How a snapshot is cut: every validator cuts the same state into the same chunks.</summary>
public static class SnapshotLimits
{
    /// <summary>
    /// A subtree with more bytes of keys and values than this is cut into its sixteen children.
    /// </summary>
    public const int StateChunkBytes = 1024 * 1024;

    /// <summary>
    /// A run of blocks with more transactions than this goes into the next chunk of history.
    /// </summary>
    public const int HistoryChunkReceipts = 20_000;

    /// <summary>Blocks in one chunk of history.</summary>
    public const int HistoryChunkBlocks = 2_000;

    /// <summary>No chunk is longer; it travels as one frame.</summary>
    public const int ChunkBytesMax = 4 * 1024 * 1024;

    /// <summary>Chunks in one snapshot.</summary>
    public const int Chunks = 1_000_000;

    /// <summary>Bytes of one manifest.</summary>
    public const int ManifestBytes = 96 * 1024 * 1024;

    /// <summary>
    /// How far below a snapshot's block its history reaches: no transaction of an older block can still be
    /// valid after it.
    /// </summary>
    public static TimeSpan History => Limits.ValidUntilAhead;
}
