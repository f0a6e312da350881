namespace Ledger.Crypto;

/// <summary>
/// Deep pages that left the tree's memory a while ago, so that the next change below them need not read them
/// back: asking the store for one costs more than all that an update does to it. By hash, so that one that
/// has changed since is never found; each has one place and drives out what stood there, so that their number
/// is bounded.
/// </summary>
internal sealed class PageCache
{
    /// <summary>Encoded, a deep page takes some 200 bytes: a fifth of what it is in the tree.</summary>
    private const int Places = 1 << 15;

    private (Digest Hash, byte[]? Page)[]? _places;

    public void Add(Digest hash, StatePage page)
    {
        // A tree that is only read from has no use for any of it.
        _places ??= new (Digest, byte[]?)[Places];
        _places[PlaceOf(hash)] = (hash, page.Encode());
    }

    public StatePage? Find(Digest hash)
        => _places?[PlaceOf(hash)] is ({ } found, { } page) && found == hash ? StatePage.Decode(page) : null;

    private static int PlaceOf(Digest hash) => hash.GetHashCode() & (Places - 1);
}
