namespace Ledger.Core;

/// <summary>What came of checking a proof: the first fault in it, or in words what it has proven.</summary>
public sealed record Verdict
{
    private Verdict(string? fault, IReadOnlyList<string> proven)
    {
        Fault = fault;
        Proven = proven;
    }

    /// <summary>Null when the proof holds.</summary>
    public string? Fault { get; }

    /// <summary>One sentence for each thing that was proven; none when there is a fault.</summary>
    public IReadOnlyList<string> Proven { get; }

    public bool Holds => Fault is null;

    public static Verdict Of(string fault) => new(fault, []);

    public static Verdict Of(IReadOnlyList<string> proven) => new(null, proven);
}
