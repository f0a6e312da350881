using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Pbft;

/// <summary>How far the executor is with a block.</summary>
internal enum Verdict
{
    None,
    Asked,
    Valid,
    Invalid,
}

/// <summary>
/// The blocks above the final head that this replica holds, by hash, and what the executor said of them.
/// </summary>
internal sealed class BlockPool
{
    private readonly SortedDictionary<Digest, Entry> _entries = [];
    private readonly HashSet<Digest> _fetching = [];

    public Block? Find(Digest hash) => _entries.GetValueOrDefault(hash)?.Block;

    public Verdict VerdictOf(Digest hash) => _entries.GetValueOrDefault(hash)?.Verdict ?? Verdict.None;

    public void Add(Block block, Verdict verdict = Verdict.None)
    {
        _fetching.Remove(block.Hash);
        if (!_entries.TryGetValue(block.Hash, out var entry))
        {
            _entries[block.Hash] = new() { Block = block, Verdict = verdict };
        }
        else if (verdict != Verdict.None)
        {
            entry.Verdict = verdict;
        }
    }

    public void Judge(Digest hash, Verdict verdict)
    {
        if (_entries.TryGetValue(hash, out var entry))
        {
            entry.Verdict = verdict;
        }
    }

    public bool IsVouched(Digest hash) => _entries.GetValueOrDefault(hash)?.IsVouched ?? false;

    /// <summary>
    /// A quorum has prepared this block, or this replica has before it restarted. What was said of it without
    /// knowing that may rest on the clock alone, and is asked again.
    /// </summary>
    public void Vouch(Digest hash)
    {
        if (_entries.TryGetValue(hash, out var entry) && !entry.IsVouched)
        {
            entry.IsVouched = true;
            entry.Verdict = entry.Verdict == Verdict.Valid ? Verdict.Valid : Verdict.None;
        }
    }

    public bool Awaits(Digest hash) => _fetching.Contains(hash);

    /// <summary>True the first time only: one fetch per block is enough, the node repeats it.</summary>
    public bool StartFetch(Digest hash) => _fetching.Add(hash);

    public void Forget(Func<Block, bool> isOver)
    {
        List<Digest> gone = [];
        foreach (var (hash, entry) in _entries)
        {
            if (isOver(entry.Block))
            {
                gone.Add(hash);
            }
        }

        foreach (var hash in gone)
        {
            _entries.Remove(hash);
        }
    }

    /// <summary>Fetches are asked for anew when a certificate still needs them.</summary>
    public void ForgetFetches() => _fetching.Clear();

    private sealed class Entry
    {
        public required Block Block { get; init; }

        public Verdict Verdict { get; set; }

        public bool IsVouched { get; set; }
    }
}
