using Ledger.Crypto;

namespace Ledger.Core.Tests;

/// <summary>A ledger store of dictionaries: the oracle for the executor's tests.</summary>
internal sealed class DictionaryLedgerStore : ILedgerStore
{
    private readonly Dictionary<string, byte[]> _state = [];
    private readonly Dictionary<string, byte[]> _pages = [];
    private readonly HashSet<Digest> _transactions = [];
    private readonly Dictionary<Height, BlockHeader> _headers = [];

    public BlockHeader? Head { get; private set; }

    public void Append(IReadOnlyList<FinalBlock> blocks)
    {
        foreach (var final in blocks)
        {
            Head = final.Block.Header;
            _headers[Head.Height] = Head;
            _transactions.UnionWith(final.Block.Transactions.Select(transaction => transaction.Hash));
            Set(_state, final.Writes.Select(write => (write.Key, write.Value)));
            Set(_pages, final.Pages.Select(page => (page.Key, page.Bytes)));
        }
    }

    public BlockHeader? ReadHeader(Height height) => _headers.GetValueOrDefault(height);

    public byte[]? ReadState(ReadOnlySpan<byte> stateKey)
        => _state.GetValueOrDefault(Convert.ToHexString(stateKey));

    public bool HoldsTransaction(Digest hash) => _transactions.Contains(hash);

    public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        => _pages.TryGetValue(Convert.ToHexString(pageKey), out page!);

    /// <summary>The keys that begin like this, ascending.</summary>
    public IEnumerable<KeyValuePair<byte[], byte[]>> Range(byte[] prefix)
        => _state.Where(entry => entry.Key.StartsWith(Convert.ToHexString(prefix), StringComparison.Ordinal))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => KeyValuePair.Create(Convert.FromHexString(entry.Key), entry.Value));

    public IReadOnlyList<string> Namespaces()
        => [.. Range(StateKey.Entries.ToArray()).Select(entry => StateKey.ParseEntry(entry.Key).Namespace)
            .Distinct()];

    private static void Set(
        Dictionary<string, byte[]> target, IEnumerable<(byte[] Key, byte[]? Value)> writes)
    {
        foreach (var (key, value) in writes)
        {
            if (value is null)
            {
                target.Remove(Convert.ToHexString(key));
            }
            else
            {
                target[Convert.ToHexString(key)] = value;
            }
        }
    }
}
