namespace Ledger.Simulation;

/// <summary>
/// The only randomness of a run: xoshiro256** from a seed spread by SplitMix64 (Blackman and Vigna, 2018).
/// Written out here because the runtime's own generator may change between versions, and a seed must mean the
/// same for ever.
/// </summary>
public sealed class Chance
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public Chance(ulong seed)
    {
        _a = Split(ref seed);
        _b = Split(ref seed);
        _c = Split(ref seed);
        _d = Split(ref seed);
    }

    public ulong Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A stream of its own, so that drawing more here does not change what is drawn there.</summary>
    public Chance Fork() => new(Next());

    /// <summary>
    /// 0 to <paramref name="count"/> - 1. The bias of the multiplication is far below what a run can see.
    /// </summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Both ends included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public bool OneIn(int count) => Below(count) == 0;

    /// <summary>True this many times in a hundred.</summary>
    public bool Percent(int percent) => Below(100) < percent;

    public TimeSpan Between(TimeSpan low, TimeSpan high)
        => low + new TimeSpan((long)Math.BigMul(Next(), (ulong)(high - low).Ticks + 1, out _));

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Split(ref ulong seed)
    {
        seed += 0x9E3779B97F4A7C15;
        var z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
