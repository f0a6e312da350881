using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// Puts a fault proxy into every way between the validators of a network that does not run yet.
/// </summary>
internal sealed class FaultyNetwork : IAsyncDisposable
{
    private readonly Line[,] _lines;
    private readonly FaultProxy?[,] _proxies;

    public FaultyNetwork(IReadOnlyList<TestNode> nodes, int seed)
    {
        Random chance = new(seed);
        _lines = new Line[nodes.Count, nodes.Count];
        _proxies = new FaultProxy?[nodes.Count, nodes.Count];
        foreach (var (from, to) in Pairs)
        {
            _lines[from, to] = new(chance.Next());
        }

        foreach (var (from, to) in Pairs)
        {
            FaultProxy proxy = new(nodes[to].PeerAddress, _lines[from, to], _lines[to, from]);
            _proxies[from, to] = proxy;
            nodes[from].Settings.Add($"peers.endpoints.{nodes[to].Name}={proxy.Address}");
        }
    }

    private IEnumerable<(int From, int To)> Pairs
        => from a in Enumerable.Range(0, Size) from b in Enumerable.Range(0, Size) where a != b select (a, b);

    private int Size => _lines.GetLength(0);

    /// <summary>Only what this one says is no longer heard by that one.</summary>
    public void CutOneWay(int from, int to) => _lines[from, to].Cut();

    /// <summary>No word passes between those inside and those outside.</summary>
    public void Part(Func<int, bool> isInside)
    {
        foreach (var (from, to) in Pairs.Where(pair => isInside(pair.From) != isInside(pair.To)))
        {
            _lines[from, to].Cut();
        }
    }

    /// <summary>All that this one says and hears comes late.</summary>
    public void Slow(int node, TimeSpan delay)
    {
        foreach (var (from, to) in Pairs.Where(pair => pair.From == node || pair.To == node))
        {
            _lines[from, to].Slow(delay);
        }
    }

    public void LoseEverywhere(int percent)
    {
        foreach (var (from, to) in Pairs)
        {
            _lines[from, to].Lose(percent);
        }
    }

    /// <summary>Every connection of this one breaks.</summary>
    public void Reset(int node)
    {
        foreach (var (from, to) in Pairs.Where(pair => pair.From == node || pair.To == node))
        {
            _proxies[from, to]!.Reset();
        }
    }

    /// <summary>Nothing that this one says of consensus is heard any more; all else is.</summary>
    public void Mute(int node)
    {
        foreach (var (from, to) in Pairs.Where(pair => pair.From == node))
        {
            _lines[from, to].Mute();
        }
    }

    public void Heal()
    {
        foreach (var (from, to) in Pairs)
        {
            _lines[from, to].Heal();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (from, to) in Pairs)
        {
            await _proxies[from, to]!.DisposeAsync();
        }
    }
}
