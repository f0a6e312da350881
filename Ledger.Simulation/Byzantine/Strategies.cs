namespace Ledger.Simulation;

/// <summary>Every strategy, by the name that users know it by.</summary>
public static class Strategies
{
    private static readonly IReadOnlyList<Func<Liar>> Makers =
    [
        () => new EquivocatingPrimary(), () => new SecondThoughts(), () => new DoubleVoter(),
            () => new RashVoter(),
        () => new SelectivelySilent(), () => new SlowPrimary(), () => new Censor(), () => new HidesHighest(),
        () => new Impatient(), () => new CertificateForger(), () => new LowBase(), () => new Replayer(),
        () => new Mutator(), () => new InvalidBlocks(), () => new WrongParent(), () => new LyingSync(),
        () => new Amnesia(), () => new Twin(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Makers.Select(make => make().Name)];

    internal static Liar Make(string name) => Makers[Names.ToList().IndexOf(name)]();

    internal static Liar Draw(Chance chance) => chance.Pick(Makers)();
}
