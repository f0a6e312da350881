namespace Ledger.EndToEnd.Chaos;

internal enum FaultKind
{
    /// <summary>Killed, and back only when the round is over.</summary>
    Kill,

    /// <summary>Killed and started again at once.</summary>
    Crash,

    /// <summary>All are killed at once and started again.</summary>
    PowerCut,

    Freeze,
    Isolate,
    Halve,
    CutOneWay,
    Reset,
    Slow,
    Lose,
}

/// <param name="Kind">What goes wrong.</param>
/// <param name="Victim">The validator it befalls, where it befalls one.</param>
/// <param name="Other">Another one, for what takes two.</param>
internal sealed record Fault(FaultKind Kind, int Victim, int Other);

/// <param name="Faults">Begin one after the other and end together.</param>
/// <param name="Lasts">From the last one's begin to the end of all.</param>
/// <param name="Recovers">Whether the network must make progress before the next round.</param>
internal sealed record Round(IReadOnlyList<Fault> Faults, TimeSpan Lasts, bool Recovers)
{
    public override string ToString()
    {
        var faults = string.Join(
            ", ", Faults.Select(fault => $"{fault.Kind} {fault.Victim} ({fault.Other})"));
        return $"{faults} for {Lasts.TotalMilliseconds:0} ms{(Recovers ? ", then recovery" : "")}";
    }
}

/// <summary>
/// What shall go wrong, drawn from a seed: kinds come like cards from a shuffled pack, so that none is
/// missing.
/// </summary>
internal sealed class ChaosPlan(int seed, int validators)
{
    private const int LastsMsMin = 300;
    private const int LastsMsMax = 5000;

    private readonly Random _chance = new(seed);
    private readonly Queue<FaultKind> _pack = new();

    public Round Next()
    {
        Fault[] faults = [.. Enumerable.Range(0, _chance.Next(1, 3)).Select(_ => NextFault())];
        return new(
            faults,
            TimeSpan.FromMilliseconds(_chance.Next(LastsMsMin, LastsMsMax)),
            Recovers: _chance.Next(2) == 0);
    }

    private Fault NextFault()
    {
        if (_pack.Count == 0)
        {
            var kinds = Enum.GetValues<FaultKind>();
            _chance.Shuffle(kinds);
            Array.ForEach(kinds, _pack.Enqueue);
        }

        var victim = _chance.Next(validators);
        return new(_pack.Dequeue(), victim, (victim + _chance.Next(1, validators)) % validators);
    }
}
