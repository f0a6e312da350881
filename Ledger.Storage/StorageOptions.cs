namespace Ledger.Storage;

/// <summary>
/// How much memory the ledger's database may take. The defaults suit a validator with 500 MB in all.
/// </summary>
/// <param name="CacheBytes">One cache for data, index and filter blocks of all column families.</param>
/// <param name="WriteBufferBytes">What all column families together may hold in memory before it is
/// flushed.</param>
/// <param name="WriteAheadLogBytes">The write-ahead log beyond this is flushed, which bounds the time to
/// open.</param>
/// <param name="OpenFiles">Table files kept open at a time.</param>
public sealed record StorageOptions(
    long CacheBytes = 48L << 20,
    long WriteBufferBytes = 64L << 20,
    long WriteAheadLogBytes = 256L << 20,
    int OpenFiles = 256)
{
    public static StorageOptions Default { get; } = new();
}
