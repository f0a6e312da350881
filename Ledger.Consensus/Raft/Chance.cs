namespace Ledger.Consensus.Raft;

/// <summary>
/// Lots drawn from a seed that was handed in (SplitMix64): the same seed draws the same lots everywhere.
/// </summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>From 1 to <paramref name="max"/>.</summary>
    public int Draw(int max)
    {
        _state = unchecked(_state + 0x9E3779B97F4A7C15);
        var z = _state;
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return 1 + (int)((z ^ (z >> 31)) % (ulong)max);
    }
}
